"""What the built-in provider decides for itself: the issuer of each account, and what id tokens say."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from oauth2_provider.models import AbstractApplication
from oauth2_provider.oauth2_validators import OAuth2Validator

from apps.core.user_pools import built_in_issuer


class Validator(OAuth2Validator):
    """A client belongs to one account, whose issuer it is known to (`OAuthClient.is_usable`)."""

    oidc_claim_scope = {
        **OAuth2Validator.oidc_claim_scope,
        "token_use": "openid",
        "email": "email",
        "email_verified": "email",
    }

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """`token_use` is what user pools go by."""
        user = request.user
        verified = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()
        return {"token_use": "id", "email": user.email, "email_verified": verified}

    def get_userinfo_claims(self, request: Any) -> dict[str, Any]:
        claims: dict[str, Any] = super().get_userinfo_claims(request)
        claims.pop("token_use", None)
        return claims

    def get_oidc_issuer_endpoint(self, request: Any) -> str:
        return built_in_issuer(request.client.account_id, settings.ENVIRONMENT)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **named: Any
    ) -> bool:
        """What a client was made for, and nothing else: neither passwords nor tokens in addresses."""
        made_for = {
            AbstractApplication.GRANT_CLIENT_CREDENTIALS: {"client_credentials"},
            AbstractApplication.GRANT_AUTHORIZATION_CODE: {"authorization_code", "refresh_token"},
        }
        return grant_type in made_for.get(request.client.authorization_grant_type, set())

    def validate_user(self, *args: Any, **named: Any) -> bool:
        """A password is for this installation's own pages: no client is told whether one is right."""
        return False

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **named: Any
    ) -> bool:
        return (
            response_type == "code" and client.authorization_grant_type == AbstractApplication.GRANT_AUTHORIZATION_CODE
        )
