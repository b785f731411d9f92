"""The addresses of the developer portal. allauth's views keep allauth's names, under addresses that people can read."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.developer import (
    account_pages,
    api,
    api_calls,
    api_changes,
    api_description,
    application_pages,
    application_team_pages,
    brand,
    conversation_pages,
    getting_access,
    llms,
    openapi_files,
    reference_pages,
    search_pages,
    storefront,
    stream_pages,
    token_pages,
    written_pages,
)
from portal.developer.mcp.endpoint import endpoint
from portal.developer.portals.urls import portals

_API = "api/v1/applications/<str:application_id>/"

_portal = [
    path("", storefront.landing, name="landing"),
    path("llms.txt", llms.llms, name="llms"),
    path("brand/<str:account_id>/style.css", brand.brand_style, name="brand_style"),
    path("brand/<str:account_id>/logo", brand.brand_logo, name="brand_logo"),
    path("search/", search_pages.search_everything, name="search"),
    path("guides/", written_pages.guides, name="guides"),
    path("guides/<slug:slug>/", written_pages.guide, name="guide"),
    path("support/", written_pages.support, name="support"),
    path("products/", storefront.products, name="products"),
    path("products/<slug:slug>/", storefront.product, name="product"),
    path("products/<slug:slug>/access/", getting_access.access, name="access"),
    path("products/<slug:slug>/reference/", reference_pages.reference, name="reference"),
    path("products/<slug:slug>/reference/<str:api>/", reference_pages.reference, name="reference_of_api"),
    path("products/<slug:slug>/reference/<str:api>/try/", reference_pages.try_it, name="try_it"),
    path("products/<slug:slug>/reference/<str:api>/stream/", stream_pages.try_stream, name="try_stream"),
    path("products/<slug:slug>/reference/<str:api>/sdk/<slug:kind>/", reference_pages.sdk, name="sdk"),
    path("products/<slug:slug>/reference/<str:api>/socket/", conversation_pages.try_socket, name="try_socket"),
    path("products/<slug:slug>/openapi.json", openapi_files.openapi_of_product, name="product_openapi"),
    path("products/<slug:slug>/mcp", endpoint, name="mcp"),
    path("tokens/", token_pages.tokens, name="tokens"),
    path("tokens/<str:token_id>/delete/", token_pages.delete_token, name="delete_token"),
    path("continue/", getting_access.carry_on, name="carry_on"),
    path("apps/", application_pages.applications, name="applications"),
    path("apps/invitations/<str:member_id>/", application_team_pages.join, name="join_application"),
    path("apps/<str:application_id>/", application_pages.application, name="application"),
    path("apps/<str:application_id>/usage/", application_pages.usage, name="application_usage"),
    path("apps/<str:application_id>/edit/", application_pages.edit, name="edit_application"),
    path("apps/<str:application_id>/delete/", application_pages.delete, name="delete_application"),
    path("apps/<str:application_id>/keys/", application_pages.create_key, name="create_key"),
    path("apps/<str:application_id>/keys/<str:key_id>/", application_pages.reveal_key, name="reveal_key"),
    path("apps/<str:application_id>/keys/<str:key_id>/rotate/", application_pages.rotate_key, name="rotate_key"),
    path("apps/<str:application_id>/keys/<str:key_id>/revoke/", application_pages.revoke_key, name="revoke_key"),
    path("apps/<str:application_id>/keys/<str:key_id>/limits/", application_pages.limit_key, name="limit_key"),
    path("apps/<str:application_id>/keys/<str:key_id>/label/", application_pages.label_key, name="label_key"),
    path("apps/<str:application_id>/members/", application_team_pages.invite, name="invite_member"),
    path(
        "apps/<str:application_id>/members/<str:member_id>/role/",
        application_team_pages.change_role,
        name="member_role",
    ),
    path(
        "apps/<str:application_id>/members/<str:member_id>/remove/", application_team_pages.remove, name="remove_member"
    ),
    path("apps/<str:application_id>/clients/", application_team_pages.create_client, name="create_client"),
    path(
        "apps/<str:application_id>/clients/<str:client_id>/secret/",
        application_team_pages.rotate_secret,
        name="rotate_secret",
    ),
    path(
        "apps/<str:application_id>/clients/<str:client_id>/delete/",
        application_team_pages.delete_client,
        name="delete_client",
    ),
    path(
        "apps/<str:application_id>/subscriptions/<str:subscription_id>/end/",
        application_pages.end_subscription,
        name="end_subscription",
    ),
    *portals,
    path("api/v1/", api.root, name="api_root"),
    path("api/v1/products/", api.products, name="api_products"),
    path("api/v1/products/<slug:slug>/", api.product, name="api_product"),
    path("api/v1/products/<slug:slug>/openapi.json", api.openapi, name="api_openapi"),
    path("api/v1/products/<slug:slug>/calls/", api_calls.call_operation, name="api_calls"),
    path("api/v1/products/<slug:slug>/sdk/<slug:kind>/", api_calls.client_of_api, name="api_sdk"),
    path("api/v1/invitations/<str:member_id>/", api_changes.accept_invitation, name="api_invitation"),
    path("api/v1/openapi.json", api_description.description, name="api_description"),
    path("api/v1/guides/", api.guides, name="api_guides"),
    path("api/v1/search/", api.search_everything, name="api_search"),
    path("api/v1/applications/", api_changes.application_list, name="api_applications"),
    path(_API, api_changes.one_application, name="api_application"),
    path(f"{_API}usage/", api.usage, name="api_usage"),
    path(f"{_API}keys/", api_changes.key_list, name="api_keys"),
    path(f"{_API}keys/<str:key_id>/", api_changes.one_key, name="api_key"),
    path(f"{_API}keys/<str:key_id>/rotate/", api_changes.rotate_key, name="api_rotate_key"),
    path(f"{_API}keys/<str:key_id>/limits/", api_changes.limit_key, name="api_limit_key"),
    path(f"{_API}subscriptions/", api_changes.subscribe, name="api_subscriptions"),
    path(f"{_API}subscriptions/<str:subscription_id>/", api_changes.end_subscription, name="api_subscription"),
    path(f"{_API}members/", api_changes.member_list, name="api_members"),
    path(f"{_API}members/<str:member_id>/", api_changes.one_member, name="api_member"),
    path(f"{_API}clients/", api_changes.client_list, name="api_clients"),
    path(f"{_API}clients/<str:client_id>/", api_changes.one_client, name="api_client"),
    path(f"{_API}clients/<str:client_id>/secret/", api_changes.rotate_secret, name="api_client_secret"),
]

_account = [
    path("sign-in/", account_pages.sign_in, name="account_login"),
    path("sign-in/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("sign-out/", account_pages.sign_out, name="account_logout"),
    path("sign-up/", account_pages.sign_up, name="account_signup"),
    path("sign-up/check-your-email/", account_pages.check_your_email, name="account_email_verification_sent"),
    path("sign-up/confirm/<str:key>/", allauth_views.confirm_email, name="account_confirm_email"),
    path("password/change/", account_pages.change_password, name="account_change_password"),
    path("password/reset/", allauth_views.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account_pages.reset_sent, name="account_reset_password_done"),
    # allauth puts the link together itself and counts on the dash.
    re_path(
        r"^password/reset/link/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/", allauth_views.password_reset_from_key_done, name="account_reset_password_from_key_done"
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((_portal, "developer"))), *_account]
