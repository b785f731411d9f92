"""Undoing changes of one's own."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from apps.accounts.models import Membership, UndoableChange
from apps.control_plane.caller import Caller
from apps.control_plane.changed_rows import Difference, put_back, read
from apps.control_plane.errors import AccessDeniedException, NotFoundException
from apps.control_plane.locking import hold_apis
from apps.control_plane.registry import Shape, operation
from apps.control_plane.undo import UNDO_FOR
from apps.control_plane.v1 import drafts
from apps.control_plane.v1.publishing import publish_stage
from apps.control_plane.v2 import drafts as v2_drafts
from apps.deployments import publisher
from apps.deployments.v2_publisher import publish_v2_stages
from apps.usage_plans.models import ApiKey, UsagePlan

_OWNERS = (Membership.Role.OWNER,)
_WRITERS = (Membership.Role.EDITOR, Membership.Role.OWNER)


@operation("UndoChanges", "gatehouse")
def undo_changes(caller: Caller, request: Shape) -> Shape:
    """Take back what one has changed in the last ten minutes, the last change first, all of it or nothing."""
    undone = []
    for undo_id in reversed(request["undoIds"]):
        row = UndoableChange.objects.filter(
            account_id=caller.account_id,
            region=caller.region,
            principal=caller.principal,
            undo_id=undo_id,
            at__gte=timezone.now() - UNDO_FOR,
        ).first()
        if row is None:
            raise NotFoundException("This has been undone already, or is too long ago to be undone.")
        needed = _OWNERS if row.kind == "people" else _WRITERS
        if caller.role_on(row.about) not in needed:
            raise AccessDeniedException("Your role does not allow this any more.")
        hold_apis(caller, {"restApiId": row.about, "ApiId": row.about})
        changes = read(str(row.changes))
        put_back(changes)
        _PUBLISHED[row.kind](caller, row.about, changes)
        undone.append(row.operation)
        row.delete()
    return {"operations": undone}


def _publish_keys(caller: Caller, about: str, changes: list[Difference]) -> None:
    names = {str(state["key_id"]) for state in _states(changes, "usage_plans.apikey")}
    numbers = {state["api_key_id"] for state in _states(changes, "usage_plans.usageplankey")}
    names |= set(ApiKey.objects.filter(pk__in=numbers).values_list("key_id", flat=True))
    publisher.publish_keys(caller.account_id, caller.region, sorted(names))


def _publish_plan(caller: Caller, about: str, changes: list[Difference]) -> None:
    numbers = {state["id"] for state in _states(changes, "usage_plans.usageplan")}
    numbers |= {state["plan_id"] for state in _states(changes, "usage_plans.usageplanstage")}
    for plan in UsagePlan.objects.filter(pk__in=numbers).order_by("pk"):
        publisher.publish_plan(plan)
    _publish_keys(caller, about, changes)


def _draft(caller: Caller, about: str, changes: list[Difference]) -> None:
    drafts.draft_changed(caller.rest_api(about).id)


def _draft_and_stages(caller: Caller, about: str, changes: list[Difference]) -> None:
    _draft(caller, about, changes)
    for stage in caller.rest_api(about).stages.select_related("rest_api", "deployment").order_by("pk"):
        publish_stage(stage)


def _v2_draft(caller: Caller, about: str, changes: list[Difference]) -> None:
    v2_drafts.draft_changed(caller.api(about))


def _v2_draft_and_stages(caller: Caller, about: str, changes: list[Difference]) -> None:
    _v2_draft(caller, about, changes)
    api = caller.api(about)
    publish_v2_stages(api, list(api.stages.exclude(deployment=None).order_by("pk")))


def _credentials(caller: Caller, about: str, changes: list[Difference]) -> None:
    publisher.publish_credentials(caller.account_id)


def _states(changes: list[Difference], model: str) -> list[Shape]:
    return [state for one in changes if one.model == model for state in (one.before, one.after) if state is not None]


_PUBLISHED: dict[str, Callable[[Caller, str, list[Difference]], None]] = {
    "key": _publish_keys,
    "plan": _publish_plan,
    "rest": _draft,
    "rest-stage": _draft_and_stages,
    "v2": _v2_draft,
    "people": _credentials,
    "v2-stage": _v2_draft_and_stages,
}
"""What acts at once is published anew, by the kind of change."""
