"""There and back: a browser is sent to a provider of identities with a question, which stays in its session until the answer comes."""

from __future__ import annotations

import hmac
import time
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from portal.identity_provider import Provider, ProviderFailed, Question, authorization_url, claims_for

_SECONDS = 600
"""For which a provider is waited for."""
_MOST_WAITING = 4
"""Questions of one browser: somebody may begin in several tabs."""

Asked = dict[str, Any]

_AGAIN = "This sign-in was not begun in this browser, or too long ago. Begin anew."


@dataclass(frozen=True)
class Errand:
    """A sign-in of one room of the product: `name` is where the session keeps its questions, `back` is the address of the answer."""

    name: str
    provider: Provider
    back: str

    def begin(self, request: HttpRequest, goal: str) -> HttpResponse:
        """Off to the provider. Raises ProviderFailed."""
        question = Question.fresh()
        address = authorization_url(self.provider, question, self.back)
        waiting = list(request.session.get(self.name) or ())[1 - _MOST_WAITING :]
        request.session[self.name] = [*waiting, {**asdict(question), "goal": goal, "since": time.time()}]
        return HttpResponseRedirect(address)

    def taken(self, request: HttpRequest) -> Asked | None:
        """What was asked in this browser that the answer belongs to. It is taken out of the session: an answer counts once."""
        state = request.GET.get("state", "").encode()
        waiting: list[Asked] = request.session.get(self.name) or []
        asked = next((one for one in waiting if hmac.compare_digest(state, one["state"].encode())), None)
        if asked is not None:
            request.session[self.name] = [one for one in waiting if one is not asked]
        return asked

    def claims(self, request: HttpRequest, asked: Asked | None) -> dict[str, Any]:
        """What the provider's answer says of the person. Raises ProviderFailed."""
        if asked is None:
            raise ProviderFailed("the state is another one", _AGAIN)
        if time.time() - asked["since"] > _SECONDS:
            raise ProviderFailed("the answer came too late", _AGAIN)
        question = Question(asked["state"], asked["nonce"], asked["verifier"])
        return claims_for(self.provider, question, self._code(request), self.back)

    def _code(self, request: HttpRequest) -> str:
        issuer = request.GET.get("iss")
        if issuer is not None and issuer.rstrip("/") != self.provider.issuer:  # RFC 9207
            raise ProviderFailed("the answer is another issuer's")
        if "error" in request.GET:
            denied = request.GET["error"] == "access_denied"
            shown = "The sign-in was not completed there." if denied else "The sign-in service refused the request."
            raise ProviderFailed(f"the provider says {request.GET['error'][:100]!r}", shown)
        code = request.GET.get("code", "")
        if not code:
            raise ProviderFailed("the answer has no code")
        return code
