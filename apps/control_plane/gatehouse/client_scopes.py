"""What the OAuth clients of an application may ask for: the scopes of the products that it uses, and no more."""

from __future__ import annotations

from apps.portals.models import Application, Subscription


def match_scopes(application: Application) -> None:
    """Bring the clients of an application to what its active subscriptions allow. Tokens that are out last until they expire."""
    scopes, audiences = allowed(application)
    for row in application.clients.select_related("client"):
        if (row.client.scopes, row.client.audiences) != (scopes, audiences):
            row.client.scopes, row.client.audiences = scopes, audiences
            row.client.save(update_fields=["scopes", "audiences", "updated"])


def allowed(application: Application) -> tuple[list[str], list[str]]:
    """Scopes and audiences of the products that an application uses now, each once."""
    used = application.subscriptions.filter(status=Subscription.Status.ACTIVE).order_by("pk")
    scopes: dict[str, None] = {}
    audiences: dict[str, None] = {}
    for subscription in used.select_related("product"):
        scopes.update(dict.fromkeys(subscription.product.scopes))
        if subscription.product.audience:
            audiences[subscription.product.audience] = None
    return list(scopes), list(audiences)
