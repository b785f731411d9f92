"""Kinds of pages, for whoever follows links: a browser's crawl and the walk through the forms."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Pages that answer with a file, and staff admin, which is the admin theme's own.
NOT_OURS = re.compile(r"/(admin|export|sdk|api/v1|static|_design)(/|$)|\.(txt|json|pem)$|/sign-out/")


def shape(address: str) -> str:
    """What kind of page an address is: two pages that differ in an id, a type or a query alone are alike."""
    path = urlsplit(address).path
    return re.sub(r"/(?:(?=[^/]*\d)[a-z0-9_-]{6,40}|[A-Z0-9_]{6,40})(?=/)", "/*", path)
