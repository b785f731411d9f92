"""`/llms.txt`: the published products for programs that read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.developer import catalogue
from portal.developer.addresses import mcp_url
from portal.developer.brand import account_named, read_brand
from portal.developer.written_pages import guides_for


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """Every published product with its page and its OpenAPI document, as Markdown."""
    brand = read_brand(request)
    lines = [
        f"# {_line(brand.name) or 'Gatehouse developer portal'}",
        "",
        "> APIs offered here, each with its page and its OpenAPI document. Calls carry a key in the header x-api-key.",
        *(["", _line(brand.tagline)] if brand.tagline else []),
        "",
        "## Products",
        "",
    ]
    for offer in catalogue.offers(request.user, account=account_named(request)):
        page = _url(reverse("developer:product", args=[offer.slug]))
        document = _url(reverse("developer:product_openapi", args=[offer.slug]))
        summary = f": {_line(offer.summary)}" if offer.summary else ""
        tools = f", [MCP]({mcp_url(offer.slug)})" if offer.product.mcp else ""
        lines.append(f"- [{_line(offer.name)}]({page}){summary} ([OpenAPI]({document}){tools})")
    guides = guides_for(request)
    if guides:
        lines += ["", "## Guides", ""]
        lines += [f"- [{_line(one.title)}]({_url(reverse('developer:guide', args=[one.slug]))})" for one in guides]
    lines += ["", "## API of this portal", "", f"- [OpenAPI]({_url(reverse('developer:api_description'))})"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/markdown; charset=utf-8")


def _url(path: str) -> str:
    return f"{settings.ENVIRONMENT.portal_url}{path}"


def _line(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())
