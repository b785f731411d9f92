"""Usage plans and the stages of WebSocket APIs that they cover."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.usage_plans.models import UsagePlan, UsagePlanStage


def forget_in_plans(caller: Caller, api_id: str, stage_name: str | None = None) -> list[UsagePlan]:
    """Take an API, or one stage of it, out of all usage plans; they are to be published then.

    Call it before anything is retracted: whoever changes a plan holds its rows before the revision.
    """
    covered = UsagePlanStage.objects.filter(rest_api_id=api_id, plan__account_id=caller.account_id)
    if stage_name is not None:
        covered = covered.filter(stage_name=stage_name)
    plans = list(UsagePlan.objects.filter(api_stages__in=covered).distinct())
    covered.delete()
    return plans
