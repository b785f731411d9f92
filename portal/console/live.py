"""The third screen of an import: the API is live, and this is how it is called."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase

from apps.portals.models import Product
from apps.usage_plans.models import UsagePlan
from portal.console import addresses
from portal.console.api_frame import ApiFrame, api_frame, command_samples
from portal.console.commands import Command
from portal.console.first_call import BY_TOKEN, first_call, methods_of
from portal.console.gate import Console, console_page
from portal.console.importing import STEPS
from portal.console.stages import console_stage
from portal.highlighting import highlight_shell


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
        call=highlight_shell(first_call(frame, stage_name)),
        needs_key=methods_of(frame).filter(api_key_required=True).exists(),
        authorizers=_authorizers(frame),
        needs_token=methods_of(frame).filter(authorization_type__in=BY_TOKEN).exists(),
        plan=UsagePlan.objects.filter(
            account_id=console.account_id, api_stages__rest_api_id=api_id, api_stages__stage_name=stage_name
        ).first(),
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


def _authorizers(frame: ApiFrame) -> list[str]:
    """Those that a method asks."""
    asked = methods_of(frame).exclude(authorizer_id=None).values_list("authorizer_id", flat=True)
    return list(frame.api.authorizers.filter(authorizer_id__in=asked).values_list("name", flat=True))
