"""The built-in OpenID provider over HTTP: one issuer for each account, below `/oidc/{account}`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from oauth2_provider.views import AuthorizationView, TokenView, UserInfoView

from apps.accounts.models import Account
from apps.core.user_pools import built_in_issuer, built_in_key_set
from apps.identity.models import OAuthClient
from apps.identity.signing import ALGORITHM, shown_keys
from portal.oidc.scopes import OPENID_SCOPES

_KEYS_SECONDS = 300


@require_safe
def discovery(request: HttpRequest, account_id: str) -> HttpResponse:
    """OpenID Provider Metadata of an account's issuer."""
    account = get_object_or_404(Account, pk=account_id)
    issuer = built_in_issuer(account.pk, settings.ENVIRONMENT)
    return _public(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": built_in_key_set(issuer),
            "scopes_supported": list(OPENID_SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "token_use",
                "email",
                "email_verified",
            ],
            "authorization_response_iss_parameter_supported": True,
        }
    )


@require_safe
def key_set(request: HttpRequest, account_id: str) -> HttpResponse:
    """The public keys of an account's issuer."""
    account = get_object_or_404(Account, pk=account_id)
    return _public({"keys": shown_keys(account.pk)})


def _public(document: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(document)
    response["access-control-allow-origin"] = "*"
    response["cache-control"] = f"public, max-age={_KEYS_SECONDS}"
    return response


class Authorize(AuthorizationView):
    """Asks a person who is signed in whether a client may act for them."""

    template_name = "oidc/authorize.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """The form comes back from the browser: what is in it counts only if the client is one of this issuer, and its address one of the client's."""
        client = OAuthClient.objects.filter(
            client_id=form.cleaned_data["client_id"], account_id=self.kwargs["account_id"]
        ).first()
        if client is None or not client.redirect_uri_allowed(form.cleaned_data.get("redirect_uri") or ""):
            raise Http404
        response: HttpResponse = super().form_valid(form)
        return response

    def render_to_response(self, context: dict[str, Any], **named: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **named)
        address = urlsplit(str(context.get("redirect_uri") or ""))
        if address.scheme in ("http", "https") and address.netloc:
            # Browsers hold the redirection behind a form to the form's own policy.
            response._csp_update = {"form-action": [f"{address.scheme}://{address.netloc}"]}  # type: ignore[attr-defined]
        return response


authorize = Authorize.as_view()
token = TokenView.as_view()
user_info = UserInfoView.as_view()
