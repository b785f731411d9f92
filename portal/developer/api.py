"""The portal's own API under `/api/v1/`: the catalogue for everybody, and for signed-in people what is theirs.

Answers are JSON with exactly the members named here. Times are ISO 8601 in UTC. Lists have `items` and, where there is more, the `position` of
the next page. What changes something is in `api_changes`; `api_description` describes it all.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from portal.developer import catalogue
from portal.developer.addresses import mcp_url, public_url
from portal.developer.api_access import limit_of, listed, needs
from portal.developer.applications import ApplicationOnPage, applications_page, my_application
from portal.developer.brand import account_named
from portal.developer.catalogue import Offer
from portal.developer.search import search
from portal.developer.usage import SPANS, calls, span_named, subscriptions
from portal.developer.written_pages import guides_for

Shape = dict[str, Any]


@api_view(["GET"])
@permission_classes([AllowAny])
def root(request: Request) -> Response:
    """Where everything is."""
    return Response(
        {
            "products": request.build_absolute_uri(reverse("developer:api_products")),
            "applications": request.build_absolute_uri(reverse("developer:api_applications")),
            "guides": request.build_absolute_uri(reverse("developer:api_guides")),
            "description": request.build_absolute_uri(reverse("developer:api_description")),
            "llms": request.build_absolute_uri(reverse("developer:llms")),
        }
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def products(request: Request) -> Response:
    """`{"items": [Product]}`: published products; `?q=` searches names and summaries."""
    given = request.query_params
    offers, position = catalogue.offers_page(
        request.user,
        given.get("q", ""),
        given.get("position", ""),
        limit_of(request),
        account=account_named(request._request),
    )
    return Response(listed([_product(offer) for offer in offers], position))


@api_view(["GET"])
@permission_classes([AllowAny])
def product(request: Request, slug: str) -> Response:
    """A Product with its `description` (Markdown): slug, name, summary, version, operations, apis, plans."""
    offer = catalogue.offer(request.user, slug)
    changes = offer.product.changelog.order_by("-created", "-pk")[:50]
    changelog = [
        {"title": one.title, "version": one.version, "body": one.body, "created": one.created.isoformat()}
        for one in changes
    ]
    return Response({**_product(offer), "description": offer.product.description, "changelog": changelog})


@api_view(["GET"])
@permission_classes([AllowAny])
def guides(request: Request) -> Response:
    """`{"items": [Guide]}`: what the caller may read, with its Markdown."""
    found = guides_for(request._request)
    return Response(
        {
            "items": [
                {"slug": one.slug, "title": one.title, "body": one.body, "updated": one.updated.isoformat()}
                for one in found
            ]
        }
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def search_everything(request: Request) -> Response:
    """`{"items": [Found]}`: products, pages, operations and messages that have every word of `?q=`."""
    found = search(request.user, request.query_params.get("q", ""))
    return Response(
        {
            "items": [
                {"kind": one.kind, "title": one.title, "text": one.text, "method": one.verb, "url": one.url}
                for one in found
            ]
        }
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def openapi(request: Request, slug: str) -> Response:
    """The OpenAPI document of a product's API; `?api=` chooses one of several. 404 while it is being rendered."""
    offer = catalogue.offer(request.user, slug)
    wanted = request.query_params.get("api", "")
    api = offer.api(wanted) if wanted else next((api for api in offer.apis if not api.pending), None)
    if api is None or api.pending:
        raise Http404("No reference.")
    servers = [{"url": public_url(api.api_id, api.stage_name)}]
    return Response({**api.row.reference, "servers": servers})


@needs("read")
def applications(request: Request) -> Response:
    """`{"items": [Application]}`: the caller's own and those that are shared with them, newest first."""
    found, position = applications_page(request.user, request.query_params.get("position", ""), limit_of(request))
    return Response(listed([application_shape(one) for one in found], position))


@needs("read")
def application(request: Request, application_id: str) -> Response:
    """An Application: id, role, name, description, created, keys (id, label, masked, works, expires), subscriptions (product, plan, status)."""
    return Response(application_shape(my_application(request.user, application_id)))


@api_view(["GET"])
@needs("read")
def usage(request: Request, application_id: str) -> Response:
    """Usage of an application: `calls` in steps over `?span=` (hour, day, week), and the `quotas` of its subscriptions."""
    mine, now = my_application(request.user, application_id), timezone.now()
    span = span_named(request.query_params.get("span", ""))
    return Response(
        {
            "span": span.id,
            "spans": [one.id for one in SPANS],
            "stepSeconds": int(span.step.total_seconds()),
            "calls": [
                {
                    "start": point.start.isoformat(),
                    "count": point.totals.count,
                    "errors4xx": point.totals.errors_4xx,
                    "errors5xx": point.totals.errors_5xx,
                }
                for point in calls(mine, span, now)
            ],
            "quotas": [
                {
                    "product": one.row.product.slug,
                    "plan": one.plan.name,
                    "used": one.quota.used,
                    "limit": one.quota.limit,
                    "period": one.quota.period,
                    "resets": one.quota.resets.isoformat(),
                }
                for one in subscriptions(mine, now)
                if one.quota is not None
            ],
        }
    )


def _product(offer: Offer) -> Shape:
    return {
        "slug": offer.slug,
        "name": offer.name,
        "summary": offer.summary,
        "version": offer.version,
        "operations": offer.operation_count,
        "mcp": mcp_url(offer.slug) if offer.product.mcp else None,
        "deprecated": offer.product.deprecated.isoformat() if offer.product.deprecated else None,
        "sunset": offer.product.sunset.isoformat() if offer.product.sunset else None,
        "apis": [
            {
                "slug": api.slug,
                "name": api.name,
                "stage": api.stage_name,
                "protocol": api.protocol,
                "version": api.version,
                "url": public_url(api.api_id, api.stage_name),
                "pending": api.pending,
            }
            for api in offer.apis
        ],
        "plans": [
            {
                "id": plan.id,
                "name": plan.name,
                "description": plan.description,
                "rateLimit": plan.row.plan.throttle_rate_limit,
                "burstLimit": plan.row.plan.throttle_burst_limit,
                "quotaLimit": plan.row.plan.quota_limit,
                "quotaPeriod": plan.row.plan.quota_period,
                "approvalRequired": plan.approval_required,
            }
            for plan in offer.plans
        ],
    }


def application_shape(one: ApplicationOnPage) -> Shape:
    """An application as the API has it."""
    return {
        "id": one.id,
        "role": "owner" if one.mine else one.membership.role if one.membership else "",
        "name": one.name,
        "description": one.description,
        "created": one.row.created.isoformat(),
        "keys": [
            {
                "id": key.id,
                "label": key.label,
                "masked": key.masked,
                "works": key.works,
                "expires": key.expires.isoformat() if key.expires else None,
            }
            for key in one.keys
        ],
        "subscriptions": [
            {
                "id": subscription.subscription_id,
                "product": subscription.product.slug,
                "plan": subscription.product_plan.plan.name,
                "status": subscription.status,
            }
            for subscription in one.subscriptions
        ],
    }
