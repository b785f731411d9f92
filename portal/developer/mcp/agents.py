"""Who calls the tools of a product: a program with a portal token that may call, or with a key of an application that uses it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest

from apps.accounts.models import User
from apps.core.secrets import api_key_digest
from apps.portals.models import ApplicationKey, Product, Subscription
from portal.developer import catalogue
from portal.developer.api_access import PREFIX, find_token
from portal.developer.applications import Access, KeyOnPage
from portal.developer.catalogue import Offer
from portal.developer.try_credentials import clients_of, usable_accesses
from portal.oidc.tokens import token_for_itself

SCOPE = "call"


class UnknownAgentError(Exception):
    """The request carries nothing that opens the product's tools; the message says what is wrong."""


class AgentMayNotCallError(Exception):
    """The token is good and lacks the scope."""


@dataclass(frozen=True)
class Agent:
    """For whom a program calls. Without a `key`, the operations that want none answer; `access` is what a token goes by."""

    user: User
    offer: Offer
    key: KeyOnPage | None
    access: Access | None = None

    def access_token(self) -> str:
        """The value of a token header: of the application's first client that acts for itself, and "" without one.

        A key alone gets none: it is the lesser secret.
        """
        client = next(iter(clients_of([self.access])), None) if self.access else None
        return f"Bearer {token_for_itself(client)}" if client else ""


def agent_of(request: HttpRequest, slug: str) -> Agent:
    """The agent behind a request; raises `UnknownAgentError`, `AgentMayNotCallError`, and Http404 where the product has no tools for it."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    credential = text.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
    if not credential:
        raise UnknownAgentError("Send Authorization: Bearer with a portal token, or x-api-key with a key.")
    if credential.startswith(PREFIX):
        return _by_token(request, slug, credential)
    return _by_key(slug, credential)


def _by_token(request: HttpRequest, slug: str, text: str) -> Agent:
    token = find_token(text)
    if token is None:
        raise UnknownAgentError("The token is unknown, or has expired.")
    if SCOPE not in token.scopes:
        raise AgentMayNotCallError(f"The token lacks the scope {SCOPE}.")
    offer = _with_tools(catalogue.offer(token.user, slug))
    accesses = usable_accesses(token.user, offer.product)
    wanted = request.GET.get("application", "")
    if wanted:
        accesses = [one for one in accesses if one.application.id == wanted]
        if not accesses:
            raise Http404("No such application uses this product.")
    chosen = next((one for one in accesses if one.key), next(iter(accesses), None))
    return Agent(token.user, offer, chosen.key if chosen else None, chosen)


def _by_key(slug: str, value: str) -> Agent:
    """The agent of a key that works, of an application that uses the product under one of the key's plans."""
    refusal = UnknownAgentError("The key is unknown, or does not open this product.")
    product = Product.objects.filter(slug=slug, published=True).first()
    row = _key_of(product, value) if product is not None else None
    if product is None or row is None or not KeyOnPage(row).works or not row.application.owner.is_active:
        raise refusal
    key = KeyOnPage(row)
    used = Subscription.objects.filter(
        application=row.application,
        product=product,
        status=Subscription.Status.ACTIVE,
        product_plan__plan__in=key.plans,
    )
    if not used.exists():
        raise refusal
    owner = row.application.owner
    offer = _with_tools(catalogue.offer(owner, slug))
    return Agent(owner, offer, key)


def _key_of(product: Product, value: str) -> ApplicationKey | None:
    digest = api_key_digest(value, settings.API_KEY_DIGEST_KEY)
    rows = ApplicationKey.objects.filter(
        api_key__account_id=product.account_id, api_key__region=product.region, api_key__value_digest=digest
    )
    return rows.select_related("api_key", "application__owner").first()


def _with_tools(offer: Offer) -> Offer:
    if not offer.product.mcp:
        raise Http404("This product has no tools.")
    return offer
