"""What is known of a stage's canaries: since when one is released, and what became of those before it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from apps.deployments.models import Stage, StageCanary

_MINUTE = timedelta(minutes=1)


def note_canary(stage: Stage) -> None:
    """Write down that the canary of a saved stage was released, replaced, promoted or ended, if it was."""
    released = (stage.canary_settings or {}).get("deploymentId")
    known = running_canary(stage)
    if (known.deployment_id if known else None) == released:
        return
    now = timezone.now()
    if known is not None:
        known.ended = now
        known.outcome = _outcome(stage, known, released)
        known.save()
    if released is not None:
        StageCanary.objects.create(
            stage=stage, deployment_id=released, released=now, measured_from=_measured_from(stage, now)
        )


def running_canary(stage: Stage) -> StageCanary | None:
    """The canary that is released now."""
    return stage.canaries.filter(ended=None).first()


def _outcome(stage: Stage, known: StageCanary, released: str | None) -> StageCanary.Outcome:
    if released is not None:
        return StageCanary.Outcome.REPLACED
    promoted = stage.deployment.deployment_id == known.deployment_id
    return StageCanary.Outcome.PROMOTED if promoted else StageCanary.Outcome.ENDED


def _measured_from(stage: Stage, now: datetime) -> datetime:
    """Answers are counted by the minute: one that another canary has answered in is not this one's."""
    minute = now.replace(second=0, microsecond=0)
    return minute + _MINUTE if stage.canaries.filter(ended__gte=minute).exists() else minute
