"""Undo: which operations can be taken back, and performing one so that it can.

The rows that such an operation changes are taken down, sealed, for ten minutes. Undoing it is an operation too (`UndoChanges`): it puts
the same rows back under the same ids, all or none, and publishes what acts at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import Tag, Team, UndoableChange, UserPolicy
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.changed_rows import Picture, differences, picture, written
from apps.control_plane.errors import NotFoundException
from apps.deployments.models import Stage, StageCanary, StageHistory
from apps.portals.models import ProductPlan
from apps.rest_apis import models as v1
from apps.usage_plans.models import ApiKey, QuotaExtension, UsagePlan, UsagePlanKey, UsagePlanStage
from apps.v2_apis import models as v2

Shape = dict[str, Any]
Rows = list[QuerySet[Any]]

UNDO_FOR = timedelta(minutes=10)
LARGEST = 4 * 1024 * 1024
"""Characters of rows that are kept; a change of more cannot be undone."""


@dataclass(frozen=True)
class Undoable:
    """`rows` are all that the operation may change, `blocked` what it would take along and nobody puts back."""

    kind: str
    rows: Callable[[Caller, Shape], Rows]
    blocked: Callable[[Caller, Shape], QuerySet[Any]] | None = None


def _key(caller: Caller, request: Shape) -> Rows:
    key_id = request.get("apiKey") or request.get("keyId")
    mine = {"account_id": caller.account_id, "region": caller.region, "key_id": key_id}
    below = {f"api_key__{name}": value for name, value in mine.items()}
    extended = {f"membership__{name}": value for name, value in below.items()}
    return [
        ApiKey.objects.filter(**mine),
        UsagePlanKey.objects.filter(**below),
        QuotaExtension.objects.filter(**extended),
        Tag.objects.filter(account_id=caller.account_id, arn=caller.arn(f"/apikeys/{key_id}")),
    ]


def _plan(caller: Caller, request: Shape) -> Rows:
    mine = {"account_id": caller.account_id, "region": caller.region, "plan_id": request["usagePlanId"]}
    below = {f"plan__{name}": value for name, value in mine.items()}
    extended = {f"membership__{name}": value for name, value in below.items()}
    return [
        UsagePlan.objects.filter(**mine),
        UsagePlanStage.objects.filter(**below),
        UsagePlanKey.objects.filter(**below),
        QuotaExtension.objects.filter(**extended),
        Tag.objects.filter(account_id=caller.account_id, arn=caller.arn(f"/usageplans/{request['usagePlanId']}")),
    ]


def _offered(caller: Caller, request: Shape) -> QuerySet[Any]:
    return ProductPlan.objects.filter(
        plan__account_id=caller.account_id, plan__region=caller.region, plan__plan_id=request["usagePlanId"]
    )


def _methods(caller: Caller, request: Shape) -> Rows:
    return _methods_of({"rest_api": _rest_api(caller, request), "resource_id": request["resourceId"]})


def _resources(caller: Caller, request: Shape) -> Rows:
    api = _rest_api(caller, request)
    return [v1.Resource.objects.filter(rest_api=api), *_methods_of({"rest_api": api})]


def _methods_of(resource: dict[str, Any]) -> Rows:
    def under(way: str) -> dict[str, Any]:
        return {f"{way}{name}": value for name, value in resource.items()}

    return [
        v1.Method.objects.filter(**under("resource__")),
        v1.MethodResponse.objects.filter(**under("method__resource__")),
        v1.Integration.objects.filter(**under("method__resource__")),
        v1.IntegrationResponse.objects.filter(**under("integration__method__resource__")),
    ]


def _below(model: Any) -> Callable[[Caller, Shape], Rows]:
    return lambda caller, request: [model.objects.filter(rest_api=_rest_api(caller, request))]


def _stages(caller: Caller, request: Shape) -> Rows:
    api = _rest_api(caller, request)
    below = [model.objects.filter(stage__rest_api=api) for model in (StageHistory, StageCanary)]
    return [Stage.objects.filter(rest_api=api), *below]


def _api(caller: Caller, request: Shape) -> Rows:
    return [v1.RestApi.objects.filter(pk=_rest_api(caller, request).pk)]


def _rest_api(caller: Caller, request: Shape) -> v1.RestApi:
    return caller.rest_api(request["restApiId"])


def _v2_below(*models: Any) -> Callable[[Caller, Shape], Rows]:
    def rows(caller: Caller, request: Shape) -> Rows:
        api = caller.api(request["ApiId"])
        ways = {v2.RouteResponse: "route__api", v2.IntegrationResponse: "integration__api"}
        return [model.objects.filter(**{ways.get(model, "api"): api}) for model in models]

    return rows


def _v2_api(caller: Caller, request: Shape) -> Rows:
    return [v2.Api.objects.filter(pk=caller.api(request["ApiId"]).pk)]


def _team_members(caller: Caller, request: Shape) -> Rows:
    return [Team.members.through.objects.filter(team__account_id=caller.account_id)]


def _user_policies(caller: Caller, request: Shape) -> Rows:
    return [UserPolicy.objects.filter(membership__account_id=caller.account_id)]


_V1, _V2, _OURS = "apigateway", "apigatewayv2", "gatehouse"
_KEY, _PLAN = Undoable("key", _key), Undoable("plan", _plan)
_METHODS, _TREE = Undoable("rest", _methods), Undoable("rest", _resources)
_MODELS, _VALIDATORS = Undoable("rest", _below(v1.ApiModel)), Undoable("rest", _below(v1.RequestValidator))
_AUTHORIZERS, _ANSWERS = Undoable("rest", _below(v1.Authorizer)), Undoable("rest", _below(v1.GatewayResponse))
_PARTS, _VERSIONS = Undoable("rest", _below(v1.DocumentationPart)), Undoable("rest", _below(v1.DocumentationVersion))
_STAGES = Undoable("rest-stage", _stages)
_ROUTES = Undoable("v2", _v2_below(v2.Route, v2.RouteResponse))
_V2_INTEGRATIONS = Undoable("v2", _v2_below(v2.Integration, v2.IntegrationResponse))
_V2_AUTHORIZERS, _V2_MODELS = Undoable("v2", _v2_below(v2.Authorizer)), Undoable("v2", _v2_below(v2.ApiModel))
_V2_STAGES, _V2_API = Undoable("v2-stage", _v2_below(v2.Stage)), Undoable("v2-stage", _v2_api)

UNDOABLE: dict[tuple[str, str], Undoable] = {
    **dict.fromkeys([(_V1, "UpdateApiKey"), (_V1, "DeleteApiKey")], _KEY),
    **dict.fromkeys([(_OURS, "PutApiKeyExpiry"), (_OURS, "PutApiKeyOrigins")], _KEY),
    **dict.fromkeys([(_V1, "CreateUsagePlanKey"), (_V1, "DeleteUsagePlanKey")], _KEY),
    (_V1, "UpdateUsagePlan"): _PLAN,
    (_V1, "DeleteUsagePlan"): Undoable("plan", _plan, _offered),
    **dict.fromkeys([(_V1, "UpdateResource"), (_V1, "DeleteResource"), (_OURS, "EnableCors")], _TREE),
    **dict.fromkeys(
        [
            (_V1, f"{verb}{noun}")
            for noun in ("Method", "MethodResponse", "Integration", "IntegrationResponse")
            for verb in ("Put", "Update", "Delete")
        ],
        _METHODS,
    ),
    **dict.fromkeys([(_V1, "UpdateModel"), (_V1, "DeleteModel")], _MODELS),
    **dict.fromkeys([(_V1, "UpdateRequestValidator"), (_V1, "DeleteRequestValidator")], _VALIDATORS),
    **dict.fromkeys([(_V1, "UpdateAuthorizer"), (_V1, "DeleteAuthorizer")], _AUTHORIZERS),
    **dict.fromkeys([(_V1, f"{verb}GatewayResponse") for verb in ("Put", "Update", "Delete")], _ANSWERS),
    **dict.fromkeys([(_V1, "UpdateDocumentationPart"), (_V1, "DeleteDocumentationPart")], _PARTS),
    **dict.fromkeys([(_V1, "UpdateDocumentationVersion"), (_V1, "DeleteDocumentationVersion")], _VERSIONS),
    **dict.fromkeys(
        [(_V1, "UpdateStage"), *((_OURS, name) for name in ("RollbackStage", "PromoteCanary", "EndCanary"))], _STAGES
    ),
    **dict.fromkeys([(_OURS, "PutTeamMember"), (_OURS, "DeleteTeamMember")], Undoable("people", _team_members)),
    **dict.fromkeys([(_OURS, "PutUserPolicy"), (_OURS, "DeleteUserPolicy")], Undoable("people", _user_policies)),
    (_V1, "UpdateRestApi"): Undoable("rest-stage", _api),
    **dict.fromkeys(
        [(_V2, f"{verb}Route{tail}") for verb in ("Update", "Delete") for tail in ("", "Response")], _ROUTES
    ),
    **dict.fromkeys(
        [(_V2, f"{verb}Integration{tail}") for verb in ("Update", "Delete") for tail in ("", "Response")],
        _V2_INTEGRATIONS,
    ),
    **dict.fromkeys([(_V2, "UpdateAuthorizer"), (_V2, "DeleteAuthorizer")], _V2_AUTHORIZERS),
    **dict.fromkeys([(_V2, "UpdateModel"), (_V2, "DeleteModel")], _V2_MODELS),
    (_V2, "UpdateStage"): _V2_STAGES,
    **dict.fromkeys([(_V2, "UpdateApi"), (_V2, "DeleteCorsConfiguration")], _V2_API),
}
"""The operations that can be undone."""


def perform(caller: Caller, service: str, name: str, request: Shape) -> tuple[Shape, str]:
    """Perform an operation, so that it can be undone if it is one of those; the answer, and the id to undo it by, or an empty one."""
    undoable = UNDOABLE.get((service, name))
    if undoable is None:
        return registry.call(caller, service, name, request), ""
    witness = _Witness(undoable, f"{service}:{name}")
    return registry.call(caller, service, name, request, witness), witness.undo_id


class _Witness:
    """Takes down the rows that an operation changes."""

    def __init__(self, undoable: Undoable, operation: str) -> None:
        self.undo_id = ""
        self._undoable = undoable
        self._operation = operation
        self._before: Picture | None = None

    def before(self, caller: Caller, request: Shape) -> None:
        blocked = self._undoable.blocked
        try:
            if blocked is None or not blocked(caller, request).exists():
                self._before = picture(self._undoable.rows(caller, request))
        except NotFoundException:
            return  # the operation itself says so

    def after(self, caller: Caller, request: Shape) -> None:
        if self._before is None:
            return
        changes = differences(self._before, picture(self._undoable.rows(caller, request)))
        text = written(changes)
        if not changes or len(text) > LARGEST:
            return
        now = timezone.now()
        UndoableChange.objects.filter(account_id=caller.account_id, at__lt=now - UNDO_FOR).delete()
        row = UndoableChange.objects.create(
            account_id=caller.account_id,
            region=caller.region,
            principal=caller.principal,
            at=now,
            kind=self._undoable.kind,
            about=request.get("restApiId") or request.get("ApiId") or "",
            operation=self._operation,
            changes=text,
        )
        self.undo_id = row.undo_id
