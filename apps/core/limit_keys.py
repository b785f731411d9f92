"""Names of what limits and caches keep in Redis, so that both planes mean the same one.

Every name is made from length-prefixed parts: no value that a user chose can run into its neighbour.
"""

from __future__ import annotations

from datetime import date


def _join(kind: str, *parts: str) -> str:
    return f"gatehouse:{kind}:" + "".join(f"{len(part)}:{part}" for part in parts)


def quota_counter(account_id: str, region: str, plan_id: str, key_id: str, period_start: date) -> str:
    """Requests already granted to a key under a plan in the period that starts on `period_start`."""
    return _join("quota", account_id, region, plan_id, key_id, period_start.isoformat())


def cached_answers(account_id: str, region: str, api_id: str, stage_name: str) -> str:
    """What a stage keeps of answers, all together; single ones are named by a hash."""
    return _join("answers", account_id, region, api_id, stage_name)


def bucket(*scope: str) -> str:
    """A token bucket's state; `scope` says whose it is, from the account down."""
    return _join("bucket", *scope)
