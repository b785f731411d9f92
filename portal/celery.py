"""The Celery application: `celery -A portal.celery worker`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.portal")

app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.metering", "apps.deployments", "apps.portals", "apps.control_plane", "portal.developer"])


def _ready_file() -> Path | None:
    """Where the supervisor wants to be told that the worker takes tasks; containers ask the broker instead."""
    name = os.environ.get("GATEHOUSE_WORKER_READY_FILE")
    return Path(name) if name else None


@worker_ready.connect
def _tell_ready(**_: Any) -> None:
    if file := _ready_file():
        file.write_text(f"{os.getpid()}\n")


@worker_shutting_down.connect
def _tell_leaving(**_: Any) -> None:
    if file := _ready_file():
        file.unlink(missing_ok=True)
