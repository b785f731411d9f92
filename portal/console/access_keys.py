"""Access keys: with which the AWS CLI and the SDKs sign as a member of the account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import AccessKey
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_rows

_SERVICE = "gatehouse"


@console_page("GET")
def access_keys(console: Console) -> HttpResponseBase:
    """The keys of the account: all of them for owners, else one's own."""
    return _page(console)


@console_page("POST")
@sensitive_variables("created")
def create_access_key(console: Console) -> HttpResponseBase:
    """A new key pair; this page shows its secret, and no page ever again."""
    created = console.call("CreateAccessKey", {}, _SERVICE)
    return _page(console, created=created)


@console_page("POST")
def switch_access_key(console: Console, key_id: str) -> HttpResponseBase:
    """Activate or deactivate."""
    active = console.request.POST.get("active") == "true"
    done = "The key works again." if active else "The key is refused from now on."
    console.attempt(done, "UpdateAccessKey", {"accessKeyId": key_id, "active": active}, _SERVICE)
    return redirect("console:access_keys")


@console_page("POST")
def delete_access_key(console: Console, key_id: str) -> HttpResponseBase:
    """Delete a deactivated key."""
    console.attempt("The key is gone.", "DeleteAccessKey", {"accessKeyId": key_id}, _SERVICE)
    return redirect("console:access_keys")


def _page(console: Console, created: dict[str, str] | None = None) -> HttpResponseBase:
    rows = AccessKey.objects.filter(account_id=console.account_id).select_related("user").defer("secret")
    if not console.is_owner:
        rows = rows.filter(user=console.user)
    exports = ""
    if created:
        exports = "\n".join(
            f"export {name}={value}"
            for name, value in (
                ("AWS_ENDPOINT_URL", settings.ENVIRONMENT.portal_url),
                ("AWS_REGION", console.region),
                ("AWS_ACCESS_KEY_ID", created["accessKeyId"]),
                ("AWS_SECRET_ACCESS_KEY", created["secretAccessKey"]),
            )
        )
    return console.page(
        "console/access_keys.html",
        section="access-keys",
        pages=page_of_rows(console, rows, "-created", "pk"),
        created=created,
        exports=exports,
        endpoint=settings.ENVIRONMENT.portal_url,
    )
