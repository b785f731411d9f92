"""OAuth clients of applications: developers make them by themselves, at the account's own issuer."""

from __future__ import annotations

from django.conf import settings

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.applications import find_application
from apps.control_plane.gatehouse.client_scopes import match_scopes
from apps.control_plane.gatehouse.oauth_clients import oauth_client_shape
from apps.control_plane.registry import Shape, operation
from apps.core.user_pools import built_in_issuer
from apps.identity.models import OAuthClient
from apps.portals.models import ApplicationClient

MAX_CLIENTS = 5


@operation("CreateApplicationClient", "gatehouse")
def create_application_client(caller: Caller, request: Shape) -> Shape:
    """A client for the programs (`client_credentials`) or the users (`authorization_code`) of an application.

    Its secret is in this answer alone. It may ask for the scopes of the products that the application uses.
    """
    application = find_application(caller, request)
    if application.clients.count() >= MAX_CLIENTS:
        raise LimitExceededException(f"An application can have at most {MAX_CLIENTS} OAuth clients. Delete one first.")
    wanted = ("name", "grantType", "clientType", "redirectUris")
    made = registry.call(
        caller,
        "gatehouse",
        "CreateOAuthClient",
        {member: request[member] for member in wanted if request.get(member) is not None},
    )
    client = OAuthClient.objects.get(client_id=made["clientId"])
    row = ApplicationClient.objects.create(application=application, client=client)
    match_scopes(application)
    row.client.refresh_from_db()
    return {**_shape(row), **({"clientSecret": made["clientSecret"]} if "clientSecret" in made else {})}


@operation("ListApplicationClients", "gatehouse")
def list_application_clients(caller: Caller, request: Shape) -> Shape:
    """The clients of an application, oldest first; an application has few."""
    rows = (
        find_application(caller, request, reading=True).clients.select_related("client", "application").order_by("pk")
    )
    return {"items": [_shape(row) for row in rows]}


@operation("RotateApplicationClientSecret", "gatehouse")
def rotate_application_client_secret(caller: Caller, request: Shape) -> Shape:
    """Another secret, in this answer alone; the one before is none from now on."""
    row = _find(caller, request)
    answer = registry.call(caller, "gatehouse", "RotateOAuthClientSecret", {"clientId": row.client.client_id})
    return {**_shape(row), "clientSecret": answer["clientSecret"]}


@operation("DeleteApplicationClient", "gatehouse")
def delete_application_client(caller: Caller, request: Shape) -> Shape:
    """Delete a client. Tokens that are out are good until they expire."""
    row = _find(caller, request)
    registry.call(caller, "gatehouse", "DeleteOAuthClient", {"clientId": row.client.client_id})
    return {}


def _find(caller: Caller, request: Shape) -> ApplicationClient:
    rows = find_application(caller, request).clients.select_related("client", "application")
    row = rows.filter(client__client_id=request["clientId"]).first()
    if row is None:
        raise NotFoundException("Invalid OAuth client identifier specified")
    return row


def _shape(row: ApplicationClient) -> Shape:
    issuer = built_in_issuer(row.application.account_id, settings.ENVIRONMENT)
    return {
        **oauth_client_shape(row.client),
        "applicationId": row.application.application_id,
        "tokenUrl": f"{issuer}/token",
        "authorizeUrl": f"{issuer}/authorize",
    }
