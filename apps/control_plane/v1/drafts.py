"""The draft of a REST API: everything that its next deployment would freeze."""

from __future__ import annotations

from django.db.models import F

from apps.rest_apis.models import RestApi


def draft_changed(rest_api_id: str) -> None:
    """Count one more change of the draft, by which the console knows whether a deployment is behind it."""
    RestApi.objects.filter(id=rest_api_id).update(draft_revision=F("draft_revision") + 1)
