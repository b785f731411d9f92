"""The console's side navigation."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True)
class Entry:
    section: str
    label: str
    icon: str
    view: str


@dataclass(frozen=True)
class Link:
    label: str
    icon: str
    url: str
    current: bool


# The names and the order of AWS's console where it has the same; what is certified is told apart by whose it is.
_GROUPS = (
    (
        "API Gateway",
        (
            Entry("apis", "APIs", "api", "home"),
            Entry("domain-names", "Custom domain names", "globe", "domain_names"),
            Entry("access-associations", "Domain name access associations", "lock", "access_associations"),
            Entry("vpc-links", "VPC links", "link", "vpc_links"),
            Entry("usage-plans", "Usage plans", "plan", "usage_plans"),
            Entry("api-keys", "API keys", "key", "api_keys"),
            Entry("settings", "Settings", "settings", "account"),
            Entry("import", "Import", "import", "import"),
        ),
    ),
    (
        "Certificates",
        (
            Entry("certificates", "Domain certificates", "document", "certificates"),
            Entry("client-certificates", "Client certificates", "shield", "client_certificates"),
        ),
    ),
    ("Lambda", (Entry("functions", "Functions", "function", "functions"),)),
    (
        "Offer",
        (
            Entry("products", "Products", "book", "products"),
            Entry("subscriptions", "Subscriptions", "team", "subscriptions"),
            Entry("customers", "Customers", "user", "customers"),
            Entry("portal", "Developer portal", "globe", "portal_brand"),
        ),
    ),
    (
        "API Gateway portals",
        (
            Entry("aws-portals", "Portals", "layers", "aws_portals"),
            Entry("portal-products", "Portal products", "book", "portal_products"),
        ),
    ),
    (
        "Operate",
        (
            Entry("dashboard", "Dashboard", "chart", "dashboard"),
            Entry("logs", "Logs", "eye", "logs"),
            Entry("audit", "Audit log", "shield", "audit"),
        ),
    ),
    (
        "Account",
        (
            Entry("people", "People", "user", "people"),
            Entry("access-keys", "Access keys", "lock", "access_keys"),
            Entry("oauth-clients", "Token issuer", "key", "oauth_clients"),
        ),
    ),
)


_OF_EACH = frozenset({"apis", "access-keys"})


def navigation(section: str, everything: bool = True) -> list[tuple[str, list[Link]]]:
    """Headings with their links; not `everything` for somebody who has a role for some APIs alone."""
    return [
        (
            heading,
            [
                Link(entry.label, entry.icon, reverse(f"console:{entry.view}"), entry.section == section)
                for entry in entries
                if everything or entry.section in _OF_EACH
            ],
        )
        for heading, entries in _GROUPS
        if everything or any(entry.section in _OF_EACH for entry in entries)
    ]
