"""Celery's part in the control plane; the tasks are with what they do."""

from __future__ import annotations

from apps.control_plane.gatehouse.canary_guards import watch_canaries
from apps.control_plane.gatehouse.webhook_delivery import deliver, deliver_what_waits

__all__ = ["deliver", "deliver_what_waits", "watch_canaries"]
