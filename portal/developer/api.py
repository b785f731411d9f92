"""The portal's own API under `/api/v1/`: the catalogue for everybody, and for signed-in people what is theirs.

Answers are JSON with exactly the members named here. Times are ISO 8601 in UTC. Nothing here changes anything: keys are made
and ended on the pages.
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
from portal.developer.addresses import public_url
from portal.developer.applications import ApplicationOnPage, my_application, my_applications
from portal.developer.catalogue import Offer
from portal.developer.usage import SPANS, calls, span_named, subscriptions

Shape = dict[str, Any]


@api_view(["GET"])
@permission_classes([AllowAny])
def root(request: Request) -> Response:
    """Where everything is."""
    return Response(
        {
            "products": request.build_absolute_uri(reverse("developer:api_products")),
            "applications": request.build_absolute_uri(reverse("developer:api_applications")),
            "llms": request.build_absolute_uri(reverse("developer:llms")),
        }
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def products(request: Request) -> Response:
    """`{"items": [Product]}`: published products; `?q=` searches names and summaries."""
    return Response(
        {"items": [_product(offer) for offer in catalogue.offers(request.user, request.query_params.get("q", ""))]}
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def product(request: Request, slug: str) -> Response:
    """A Product with its `description` (Markdown): slug, name, summary, version, operations, apis, plans."""
    offer = catalogue.offer(request.user, slug)
    return Response({**_product(offer), "description": offer.product.description})


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


@api_view(["GET"])
def applications(request: Request) -> Response:
    """`{"items": [Application]}`: the caller's own, newest first."""
    return Response({"items": [_application(one) for one in my_applications(request.user)]})


@api_view(["GET"])
def application(request: Request, application_id: str) -> Response:
    """An Application: id, name, description, created, keys (id, masked, works, expires), subscriptions (product, plan, status)."""
    return Response(_application(my_application(request.user, application_id)))


@api_view(["GET"])
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
        "apis": [
            {
                "slug": api.slug,
                "name": api.name,
                "stage": api.stage_name,
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


def _application(one: ApplicationOnPage) -> Shape:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "created": one.row.created.isoformat(),
        "keys": [
            {
                "id": key.id,
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
