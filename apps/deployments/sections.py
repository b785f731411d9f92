"""Sections as they are written: in the transaction of what changed them, under one revision for each transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection, transaction

from apps.core import documents
from apps.deployments.announcements import catch_up
from apps.deployments.models import ConfigurationDocument, ConfigurationRevision, ConfigurationSection

# Sections by name with their documents' canonical bytes; None says that the section is gone.
Sections = Mapping[str, bytes | None]


@contextmanager
def revision_lock() -> Iterator[None]:
    """Hold the revision's row to the end of the caller's transaction; SQLite holds the whole database already."""
    with transaction.atomic():
        ConfigurationRevision.objects.select_for_update().get_or_create(pk=1)
        yield


def put_sections(account_id: str | None, sections: Sections) -> None:
    """Write the sections whose document changed, under this transaction's revision. `account_id` None only retracts."""
    present = ConfigurationSection.objects.in_bulk(list(sections))
    bodies: dict[str, bytes] = {}
    changed = []
    for name, body in sections.items():
        section = present.get(name)
        digest = None if body is None else documents.digest(body)
        if digest == (section.document_id if section else None):
            continue
        owner = section.account_id if section else account_id
        assert owner is not None, f"{name} has no owner"
        changed.append(ConfigurationSection(name=name, account_id=owner, document_id=digest))
        if digest is not None and body is not None:
            bodies[digest] = body
    if not changed:
        return
    revision = _revision_of_this_transaction()
    for section in changed:
        section.revision = revision
    ConfigurationDocument.objects.bulk_create(
        [ConfigurationDocument(digest=digest, body=body.decode()) for digest, body in bodies.items()],
        ignore_conflicts=True,
    )
    ConfigurationSection.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["name"], update_fields=["document", "revision"], batch_size=200
    )


class _Announcement:
    """The hook that announces one revision after commit. While it waits, its transaction is open and has that revision."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self.made = False

    def __call__(self) -> None:
        self.made = True
        catch_up()


def _revision_of_this_transaction() -> int:
    """The one revision of the open transaction: the next number at its first change, the same one after that.

    The waiting hook is what remembers it: Django drops hooks together with the transaction or savepoint that is rolled back,
    exactly as the database drops the number.
    """
    for _, hook, *_ in connection.run_on_commit:
        if isinstance(hook, _Announcement) and not hook.made:
            return hook.revision
    counter = ConfigurationRevision.objects.get(pk=1)
    counter.number += 1
    counter.save(update_fields=["number"])
    transaction.on_commit(_Announcement(counter.number), robust=True)
    return counter.number
