"""Telling Redis what is published: the manifest, its revision and the documents, as `apps.core.manifest` lays them out.

There is one way to tell: `catch_up` asks Redis for the revision it knows and sends everything since. After a commit, from the
periodic task and at first start it is the same, so that a lost announcement, two commits that announce at once and a Redis that
has lost its data need no cases of their own.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import redis
from django.db import transaction

from apps.core import manifest
from apps.deployments import valkey
from apps.deployments.models import ConfigurationDocument, ConfigurationRevision, ConfigurationSection

logger = logging.getLogger("gatehouse.configuration")

# Compare and set: the announcement counts only if Redis still knows the revision it was made for.
# KEYS: revision, manifest. ARGV: expected revision or "", new revision, "1" for a whole manifest, channel, message, then name
# and digest in turn ("" takes the section away). Answers 1, or 0 when someone else was faster.
_APPLY = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[3] == '1' then redis.call('DEL', KEYS[2]) end
for i = 6, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[2], ARGV[i])
  else redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
"""

_ATTEMPTS = 5
_DOCUMENTS_AT_ONCE = 50


class _Known(NamedTuple):
    """What Redis says it knows: the revision's bytes as they are there, and the number they mean (None when it has no data)."""

    token: bytes
    revision: int | None


def catch_up() -> bool:
    """Tell Redis everything it does not know yet; True when it knows all that is committed.

    An unreachable Redis is logged, not raised. One SELECT and one GET when there is nothing to tell.
    """
    try:
        for _ in range(_ATTEMPTS):
            known, number = _known(), _number()
            if (known.revision or 0) == number:
                return True
            if known.revision is not None and known.revision > number:
                # The database was restored from a backup. Runtimes never go back, so it must overtake.
                number = _overtake(known.revision)
                announced = _announce(known, number, whole=True)
            else:
                announced = _announce(known, number, whole=known.revision is None)
            if announced:
                return True
        logger.info("others announce at the same time: the next round looks again")
    except redis.RedisError as error:
        logger.warning("configuration is committed but not announced: %s", error)
    return False


def refill() -> None:
    """Announce the whole manifest under a new revision: for a Redis whose content does not match its revision."""
    known = _known()
    _announce(known, _overtake(max(known.revision or 0, _number())), whole=True)


def _known() -> _Known:
    value = valkey.client().get(manifest.REVISION)
    token = value if isinstance(value, bytes) else b""
    return _Known(token, int(token) if token.isdigit() else None)


def _number() -> int:
    row = ConfigurationRevision.objects.filter(pk=1).first()
    return row.number if row else 0


def _overtake(known: int) -> int:
    """A revision above `known`."""
    with transaction.atomic():
        counter, _ = ConfigurationRevision.objects.select_for_update().get_or_create(pk=1)
        if counter.number <= known:
            counter.number = known + 1
            counter.save(update_fields=["number"])
    return counter.number


def _announce(known: _Known, number: int, *, whole: bool) -> bool:
    """Send what changed since `known`, or everything; False when Redis or the database has moved on meanwhile."""
    since = 0 if whole else known.revision or 0
    # One statement reads one state of the database: the highest revision in it belongs to exactly these sections.
    changed = ConfigurationSection.objects.filter(revision__gt=since)
    rows: list[tuple[str, str | None, int]] = [
        (name, digest, revision) for name, digest, revision in changed.values_list("name", "document_id", "revision")
    ]
    revision = max([number, *(row[2] for row in rows)])
    sections = {name: digest for name, digest, _ in rows if digest is not None or not whole}
    if not _send_documents({digest for digest in sections.values() if digest is not None}):
        return False
    if not _apply(known, revision, sections, whole=whole):
        return False
    ConfigurationRevision.objects.filter(pk=1, announced__lt=revision).update(announced=revision)
    return True


def _send_documents(digests: set[str]) -> bool:
    """Put documents where runtimes fetch them; False when one of them is gone again (then its section has changed as well)."""
    ordered = sorted(digests)
    for start in range(0, len(ordered), _DOCUMENTS_AT_ONCE):
        wanted = ordered[start : start + _DOCUMENTS_AT_ONCE]
        bodies = dict(ConfigurationDocument.objects.filter(digest__in=wanted).values_list("digest", "body"))
        if len(bodies) < len(wanted):
            return False
        pipeline = valkey.client().pipeline(transaction=False)
        for digest, body in bodies.items():
            pipeline.set(manifest.document_key(digest), body, nx=True)
            # The collection may have put an end to a document that is wanted again.
            pipeline.persist(manifest.document_key(digest))
        pipeline.execute()
    return True


def _apply(known: _Known, revision: int, sections: dict[str, str | None], *, whole: bool) -> bool:
    previous = 0 if whole else known.revision or 0
    change = manifest.Change(previous=previous, revision=revision, sections=sections)
    pairs = [part for name, digest in sections.items() for part in (name, digest or "")]
    applied = valkey.client().eval(
        _APPLY,
        2,
        manifest.REVISION,
        manifest.MANIFEST,
        known.token,
        str(revision),
        "1" if whole else "0",
        manifest.ANNOUNCE,
        manifest.encode_change(change),
        *pairs,
    )
    return bool(applied)
