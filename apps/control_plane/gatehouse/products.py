"""Products: API stages that developers subscribe to together, under usage plans."""

from __future__ import annotations

from collections.abc import Iterable

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.gatehouse.audiences import chosen_audiences
from apps.control_plane.gatehouse.client_scopes import match_scopes
from apps.control_plane.gatehouse.oauth_clients import checked_audiences, checked_scopes
from apps.control_plane.gatehouse.subscriptions import end_subscription
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.stages import find_stage
from apps.control_plane.v1.usage_plan_keys import find_usage_plan
from apps.control_plane.v2.stages import find_stage as find_v2_stage
from apps.portals.models import Application, Product, ProductPlan, ProductStage, Visibility
from apps.portals.references import show_deployment
from apps.usage_plans.models import UsagePlan

_EVERYTHING = (
    "stages__stage__deployment",
    "stages__v2_stage__deployment",
    "stages__v2_stage__api",
    "successor",
    "plans__plan",
    "audiences",
)


@operation("CreateProduct", "gatehouse")
def create_product(caller: Caller, request: Shape) -> Shape:
    """A product that nobody sees until it is published."""
    _check_slug(request["slug"])
    row = Product.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        slug=request["slug"],
        name=request["name"],
        summary=request.get("summary") or "",
        description=request.get("description") or "",
        mcp=bool(request.get("mcp")),
    )
    _set_visibility(caller, row, request)
    _set_scopes(row, request)
    _set_stages(caller, row, request["stages"])
    _set_plans(caller, row, request["usagePlans"])
    _cover_stages(caller, row)
    return product_shape(find_product(caller, row.product_id))


@operation("GetProduct", "gatehouse")
def get_product(caller: Caller, request: Shape) -> Shape:
    """One product."""
    return product_shape(find_product(caller, request["productId"]))


@operation("ListProducts", "gatehouse")
def list_products(caller: Caller, request: Shape) -> Shape:
    """The products of the account, or those of them that are (not) published."""
    rows = Product.objects.filter(account_id=caller.account_id, region=caller.region).prefetch_related(*_EVERYTHING)
    if request.get("published") is not None:
        rows = rows.filter(published=request["published"])
    found, position = page(rows, request, "pk")
    return paged([product_shape(row) for row in found], position)


@operation("UpdateProduct", "gatehouse")
def update_product(caller: Caller, request: Shape) -> Shape:
    """Replace the members that the request has."""
    row = find_product(caller, request["productId"])
    if request.get("slug") not in (None, row.slug):
        _check_slug(request["slug"])
    for field in ("slug", "name", "summary", "description", "published", "mcp"):
        if request.get(field) is not None:
            setattr(row, field, request[field])
    row.save()
    _set_visibility(caller, row, request)
    _set_scopes(row, request)
    if request.get("stages") is not None:
        _set_stages(caller, row, request["stages"])
    if request.get("usagePlans") is not None:
        _set_plans(caller, row, request["usagePlans"])
    _cover_stages(caller, row)
    return product_shape(find_product(caller, row.product_id))


@operation("PublishProduct", "gatehouse")
def publish_product(caller: Caller, request: Shape) -> Shape:
    """Show a product in the portal, with the reference of what its stages serve now."""
    row = find_product(caller, request["productId"])
    for offered in row.stages.select_related("stage__deployment", "v2_stage__deployment", "v2_stage__api"):
        show_deployment(offered)
    row.published = True
    row.save(update_fields=["published"])
    return product_shape(find_product(caller, row.product_id))


@operation("DeleteProduct", "gatehouse")
def delete_product(caller: Caller, request: Shape) -> Shape:
    """End the product's subscriptions and delete it; its stages and plans stay."""
    row = find_product(caller, request["productId"])
    for subscription in row.subscriptions.select_related("product_plan__plan", "application"):
        end_subscription(caller, subscription)
    row.delete()
    return {}


def find_product(caller: Caller, product_id: str) -> Product:
    """A product of the caller's account; raises NotFoundException."""
    return caller.find(Product, "Invalid product identifier specified", product_id=product_id)


def product_shape(row: Product) -> Shape:
    """The Product of `service-2.json`."""
    shape = {
        "productId": row.product_id,
        "slug": row.slug,
        "name": row.name,
        "summary": row.summary,
        "description": row.description,
        "published": row.published,
        "visibility": str(row.visibility),
        "audiences": sorted(audience.name for audience in row.audiences.all()),
        "scopes": row.scopes,
        "audience": row.audience,
        "mcp": row.mcp,
        "stages": [_stage_shape(offered) for offered in sorted(row.stages.all(), key=lambda stage: stage.pk)],
        "usagePlans": [
            {
                "usagePlanId": offered.plan.plan_id,
                "name": offered.plan.name,
                "approvalRequired": offered.approval_required,
            }
            for offered in sorted(row.plans.all(), key=lambda plan: (plan.position, plan.pk))
        ],
        "createdDate": row.created,
    }
    if row.deprecated is not None:
        shape |= {"deprecatedDate": row.deprecated, "deprecationNotice": row.deprecation_notice}
        if row.sunset is not None:
            shape["sunsetDate"] = row.sunset.isoformat()
        if row.successor is not None:
            shape["successorId"] = row.successor.product_id
    return shape


def _stage_shape(offered: ProductStage) -> Shape:
    deployment = offered.of.deployment
    shape: Shape = {
        "restApiId" if offered.stage is not None else "apiId": offered.api_id,
        "stageName": offered.of.name,
        "protocol": offered.protocol,
        "version": offered.version,
    }
    if deployment is not None:
        shape["deploymentId"] = deployment.deployment_id
    if offered.reference_published is not None:
        shape["referenceDeploymentId"] = offered.reference_deployment_id
        shape["referencePublished"] = offered.reference_published
    return shape


def _check_slug(slug: str) -> None:
    if Product.objects.filter(slug=slug).exists():
        raise ConflictException(f"A product with the slug {slug} already exists")


def _set_visibility(caller: Caller, row: Product, request: Shape) -> None:
    """Say who is shown the product; audiences alone replace those of a product that is for audiences already."""
    if request.get("visibility") is None and request.get("audiences") is None:
        return
    row.visibility = request.get("visibility") or row.visibility
    if row.visibility == Visibility.AUDIENCE and request.get("audiences") is None:
        names = list(row.audiences.values_list("name", flat=True))
    else:
        names = request.get("audiences") or []
    row.audiences.set(chosen_audiences(caller, row.visibility, names))
    row.save(update_fields=["visibility"])


def _set_scopes(row: Product, request: Shape) -> None:
    """Say what OAuth clients of applications that use the product may ask for, those that there are too."""
    if request.get("scopes") is None and request.get("audience") is None:
        return
    if request.get("scopes") is not None:
        row.scopes = checked_scopes(request["scopes"])
    if request.get("audience") is not None:
        row.audience = next(iter(checked_audiences([request["audience"]])), "") if request["audience"] else ""
    row.save(update_fields=["scopes", "audience"])
    for application in Application.objects.filter(subscriptions__product=row, clients__isnull=False).distinct():
        match_scopes(application)


def _set_stages(caller: Caller, row: Product, wanted: Iterable[Shape]) -> None:
    kept = []
    for reference in wanted:
        given = [member for member in ("restApiId", "apiId") if reference.get(member)]
        if len(given) != 1:
            raise BadRequestException("A stage is named by restApiId (REST APIs) or apiId (HTTP and WebSocket APIs)")
        if given == ["restApiId"]:
            place: Shape = {"stage": find_stage(caller, reference["restApiId"], reference["stageName"])}
        else:
            place = {"v2_stage": find_v2_stage(caller.api(reference["apiId"]), reference["stageName"])}
        version = {"version": reference.get("version") or ""}
        kept.append(ProductStage.objects.update_or_create(product=row, **place, defaults=version)[0].pk)
    if not kept:
        raise BadRequestException("A product needs at least one stage")
    row.stages.exclude(pk__in=kept).delete()


def _set_plans(caller: Caller, row: Product, wanted: Iterable[Shape]) -> None:
    plans: dict[int, tuple[UsagePlan, bool]] = {}
    for offered in wanted:
        plan = find_usage_plan(caller, offered["usagePlanId"])
        plans[plan.pk] = plan, bool(offered.get("approvalRequired"))
    if not plans:
        raise BadRequestException("A product needs at least one usage plan")
    for gone in row.plans.exclude(plan__in=plans).select_related("plan"):
        if gone.subscriptions.exists():
            raise ConflictException(f"Usage Plan {gone.plan.plan_id} has subscriptions to this product")
        gone.delete()
    for position, (plan, approval) in enumerate(plans.values()):
        ProductPlan.objects.update_or_create(
            product=row, plan=plan, defaults={"position": position, "approval_required": approval}
        )


def _cover_stages(caller: Caller, row: Product) -> None:
    """Add to each of the product's plans the stages that it does not cover yet. HTTP APIs have no plans, as on AWS."""
    offered_stages = row.stages.select_related("stage", "v2_stage__api")
    stages = [(one.api_id, one.of.name) for one in offered_stages if one.protocol != "HTTP"]
    for offered in row.plans.select_related("plan"):
        covered = set(offered.plan.api_stages.values_list("rest_api_id", "stage_name"))
        missing = [place for place in stages if place not in covered]
        if missing:
            operations = [{"op": "add", "path": "/apiStages", "value": f"{api}:{stage}"} for api, stage in missing]
            request = {"usagePlanId": offered.plan.plan_id, "patchOperations": operations}
            registry.call(caller, "apigateway", "UpdateUsagePlan", request)
