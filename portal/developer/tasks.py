"""Celery's part in the developer portal's pages; the tasks are with what they do."""

from __future__ import annotations

from portal.developer.quota_alerts import tell_of_quotas

__all__ = ["tell_of_quotas"]
