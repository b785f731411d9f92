"""The third screen of an import: the API is live, and this is how it is called."""

from __future__ import annotations

import re

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponseBase

from apps.portals.models import Product
from apps.rest_apis.models import Method
from portal.console import addresses
from portal.console.api_frame import ApiFrame, api_frame, command_samples
from portal.console.commands import Command, curl
from portal.console.gate import Console, console_page
from portal.console.importing import STEPS
from portal.console.stages import console_stage
from portal.highlighting import highlight_shell

_FIRST = ("GET", "ANY", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@console_page("GET")
def live(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Invoke URL, a first call, the same as commands, and the way to the developer portal."""
    frame = api_frame(console, api_id, "stages")
    stage = console_stage(frame, stage_name)
    products = Product.objects.filter(
        account_id=console.account_id, region=console.region, published=True, stages__stage=stage
    )
    product = products.first()
    names = {"restApiId": api_id, "stageName": stage_name}
    return console.page(
        "console/live.html",
        section="import",
        frame=frame,
        api=frame.api,
        stage=stage,
        url=addresses.path_style(api_id, stage_name),
        host_url=addresses.host_style(api_id, console.region, stage_name),
        call=highlight_shell(_first_call(frame, stage_name)),
        needs_key=_methods(frame).filter(api_key_required=True).exists(),
        product=product,
        product_url=f"{settings.ENVIRONMENT.portal_url}/products/{product.slug}/" if product else "",
        steps=STEPS,
        cli=command_samples(
            console,
            [
                Command("ImportRestApi", {}, file="openapi.yaml"),
                Command("CreateDeployment", names),
                Command("GetStage", names),
            ],
        ),
    )


def _methods(frame: ApiFrame) -> QuerySet[Method]:
    return Method.objects.filter(resource__rest_api=frame.api).select_related("resource")


def _first_call(frame: ApiFrame, stage_name: str) -> str:
    """A call that has a chance to work as it stands: a GET with as few variables in its path as there are."""
    methods = list(_methods(frame).order_by("resource__path")[:200])
    url = addresses.path_style(frame.api.id, stage_name)
    if not methods:
        return curl("GET", f"{url}/")
    best = min(
        methods, key=lambda one: (_FIRST.index(one.http_method), one.resource.path.count("{"), len(one.resource.path))
    )
    headers = {"x-api-key": "YOUR_KEY"} if best.api_key_required else {}
    return curl(best.http_method, url + re.sub(r"\{[^}]+\}", "1", best.resource.path), headers)
