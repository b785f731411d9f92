"""Clients of the account's own OpenID issuer, and the issuer itself."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings
from oauth2_provider.generators import generate_client_secret

from apps.accounts.models import Membership
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.registry import Shape, operation
from apps.core.environment import is_loopback
from apps.core.user_pools import BUILT_IN, built_in_issuer
from apps.identity.models import OAuthClient
from apps.identity.signing import ALGORITHM, rotate, shown_keys

MAX_CLIENTS = 100
_MOST_SCOPES = _MOST_ADDRESSES = 50
_GRANTS = {
    "client_credentials": OAuthClient.GRANT_CLIENT_CREDENTIALS,
    "authorization_code": OAuthClient.GRANT_AUTHORIZATION_CODE,
}
_GRANT_NAMES = {grant: name for name, grant in _GRANTS.items()}
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,128}")  # RFC 6749
_OPENID = frozenset({"openid", "email"})


@operation("CreateOAuthClient", "gatehouse")
def create_oauth_client(caller: Caller, request: Shape) -> Shape:
    """A new client: of a program that acts for itself (`client_credentials`) or for people (`authorization_code`, with PKCE)."""
    grant = request["grantType"]
    if grant not in _GRANTS:
        raise BadRequestException(f"grantType must be one of {', '.join(_GRANTS)}")
    kind = request.get("clientType") or OAuthClient.CLIENT_CONFIDENTIAL
    if kind not in (OAuthClient.CLIENT_CONFIDENTIAL, OAuthClient.CLIENT_PUBLIC):
        raise BadRequestException("clientType must be confidential or public")
    if grant == "client_credentials" and kind == OAuthClient.CLIENT_PUBLIC:
        raise BadRequestException("A client that acts for itself must be confidential")
    # Those of developers' applications have a bound of their own.
    if OAuthClient.objects.filter(account_id=caller.account_id, application_client=None).count() >= MAX_CLIENTS:
        raise LimitExceededException(f"An account can have at most {MAX_CLIENTS} OAuth clients. Delete one first.")
    secret = generate_client_secret() if kind == OAuthClient.CLIENT_CONFIDENTIAL else ""
    row = OAuthClient(
        account_id=caller.account_id,
        name=_name(request["name"]),
        client_type=kind,
        authorization_grant_type=_GRANTS[grant],
        client_secret=secret,
        algorithm=ALGORITHM,
        scopes=checked_scopes(request.get("scopes") or []),
        audiences=checked_audiences(request.get("audiences") or []),
        redirect_uris=" ".join(_addresses(grant, request.get("redirectUris") or [])),
    )
    row.save()
    return _with_secret(row, secret)


@operation("ListOAuthClients", "gatehouse")
def list_oauth_clients(caller: Caller, request: Shape) -> Shape:
    """The account's clients, oldest first."""
    rows = OAuthClient.objects.filter(account_id=caller.account_id).order_by("pk")
    return {"items": [oauth_client_shape(row) for row in rows]}


@operation("DeleteOAuthClient", "gatehouse")
def delete_oauth_client(caller: Caller, request: Shape) -> Shape:
    """Delete a client with its grants. Tokens that are out are good until they expire, for nobody asks about them."""
    _find(caller, request).delete()
    return {}


@operation("RotateOAuthClientSecret", "gatehouse")
def rotate_oauth_client_secret(caller: Caller, request: Shape) -> Shape:
    """Another secret, which is in this answer alone; the one before is none from now on."""
    row = _find(caller, request)
    if row.client_type == OAuthClient.CLIENT_PUBLIC:
        raise BadRequestException("A public client has no secret")
    row.client_secret = secret = generate_client_secret()
    row.save(update_fields=["client_secret", "updated"])
    return _with_secret(row, secret)


@operation("GetOidcIssuer", "gatehouse")
def get_oidc_issuer(caller: Caller, request: Shape) -> Shape:
    """The account's issuer, as JWT authorizers name it, and the user pool that stands for it."""
    issuer = built_in_issuer(caller.account_id, settings.ENVIRONMENT)
    pool = f"arn:aws:cognito-idp:{caller.region}:{caller.account_id}:userpool/{caller.region}_{BUILT_IN}"
    return {
        "issuer": issuer,
        "discoveryUrl": f"{issuer}/.well-known/openid-configuration",
        "tokenUrl": f"{issuer}/token",
        "userPoolArn": pool,
        "keyIds": [key["kid"] for key in shown_keys(caller.account_id)],
    }


@operation("RotateOidcSigningKey", "gatehouse")
def rotate_oidc_signing_key(caller: Caller, request: Shape) -> Shape:
    """A new key signs from now on; the one before is shown until what it signed has expired."""
    if caller.role != Membership.Role.OWNER:
        raise AccessDeniedException("Only owners of the account may rotate the keys of its issuer.")
    rotate(caller.account_id)
    return get_oidc_issuer(caller, {})


def oauth_client_shape(row: OAuthClient) -> Shape:
    """The OAuthClient of `service-2.json`, without its secret."""
    return {
        "clientId": row.client_id,
        "name": row.name,
        "grantType": _GRANT_NAMES[row.authorization_grant_type],
        "clientType": row.client_type,
        "scopes": row.scopes,
        "audiences": row.audiences or [row.client_id],
        "redirectUris": row.redirect_uris.split(),
        "createdDate": row.created,
    }


def _with_secret(row: OAuthClient, secret: str) -> Shape:
    shape = oauth_client_shape(row)
    return {**shape, "clientSecret": secret} if secret else shape


def _find(caller: Caller, request: Shape) -> OAuthClient:
    row = OAuthClient.objects.filter(account_id=caller.account_id, client_id=request["clientId"]).first()
    if row is None:
        raise NotFoundException("Invalid OAuth client identifier specified")
    return row


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 128 or not name.isprintable():
        raise BadRequestException("A client needs a name of at most 128 characters")
    return name.strip()


def checked_scopes(scopes: list[str]) -> list[str]:
    """The scopes, if clients may have them; raises BadRequestException."""
    if len(scopes) > _MOST_SCOPES or len(set(scopes)) < len(scopes):
        raise BadRequestException(f"A client can have at most {_MOST_SCOPES} scopes, each of them once")
    for scope in scopes:
        if not _SCOPE.fullmatch(scope) or scope in _OPENID:
            raise BadRequestException(f"Invalid scope specified: {scope[:64]!r}")
    return scopes


def checked_audiences(audiences: list[str]) -> list[str]:
    """The audiences, if tokens may be for them; raises BadRequestException."""
    if len(audiences) > _MOST_ADDRESSES or not all(audience and len(audience) <= 256 for audience in audiences):
        raise BadRequestException("Audiences are texts of at most 256 characters")
    return audiences


def _addresses(grant: str, addresses: list[str]) -> list[str]:
    """Where people are sent back to: by https, or to their own machine."""
    if bool(addresses) is not (grant == "authorization_code") or len(addresses) > _MOST_ADDRESSES:
        raise BadRequestException("Clients for authorization_code need redirectUris, and others have none")
    for address in addresses:
        try:
            parts = urlsplit(address)
            fits = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        except ValueError:
            fits = False
        if not fits or not parts.hostname or set("#*\\ ") & set(address) or not address.isprintable():
            raise BadRequestException(f"Invalid redirect URI specified: {address[:256]}")
    return addresses
