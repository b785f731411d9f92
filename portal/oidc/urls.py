from __future__ import annotations

from django.urls import path, register_converter

from portal.oidc import views


class _AccountId:
    regex = "[0-9]{12}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(_AccountId, "account")

app_name = "oidc"
urlpatterns = [
    path("<account:account_id>/.well-known/openid-configuration", views.discovery, name="discovery"),
    path("<account:account_id>/.well-known/jwks.json", views.key_set, name="key_set"),
    path("<account:account_id>/authorize", views.authorize, name="authorize"),
    path("<account:account_id>/token", views.token, name="token"),
    path("<account:account_id>/userinfo", views.user_info, name="user_info"),
]
