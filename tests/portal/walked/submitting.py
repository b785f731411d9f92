"""Send a form, look at the answer, and put everything back."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.test import Client

from tests.portal.walked.reading_forms import Form, Page, Pair, path_of, read

# What a refusal may leave behind: who tried, and the session with its message.
_NOISE = frozenset(
    {"accounts_auditevent", "django_session", "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog"}
)
_WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


@dataclass
class Answer:
    """What came back. `said` are the messages that the next page shows; `changed` whether rows other than of noise did."""

    status: int
    location: str
    page: Page | None
    body: str
    said: list[tuple[str, str]]
    changed: bool
    failure: str = ""
    shown: str = ""
    """The page that a redirection led to, where it was followed."""


@dataclass
class Bench:
    """A browser in front of a world that is as before after each submission."""

    client: Client

    def send(
        self, form: Form, pairs: list[Pair], files: dict[str, SimpleUploadedFile] | None = None, *, follow: bool = False
    ) -> Answer:
        """What the form is answered; with `follow` also the page that it leads to."""
        with self._undone(), _failures() as failures, _written() as written:
            response = self._request(form, pairs, files or {})
            said = _said(response)
            changed = bool(written) and digest() != written[0]
            body = "" if response.streaming else response.content.decode(errors="replace")
            is_page = response.headers.get("Content-Type", "").startswith("text/html")
            location = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""
            shown = ""
            if follow and location.startswith("/"):
                shown = self.client.get(location).content.decode(errors="replace")
        return Answer(
            status=response.status_code,
            location=location,
            page=read(form.action, body) if is_page else None,
            body=body if is_page else "",
            said=said,
            changed=changed,
            failure="; ".join(failures),
            shown=shown,
        )

    def _request(self, form: Form, pairs: list[Pair], files: dict[str, SimpleUploadedFile]) -> Any:
        headers = {"HX-Request": "true"} if form.fragment else {}
        if form.method == "get":
            return self.client.get(f"{path_of(form.action).partition('?')[0]}?{urlencode(pairs)}", headers=headers)
        if form.multipart:
            data: dict[str, list[Any]] = {}
            for name, value in pairs:
                data.setdefault(name, []).append(value)
            return self.client.post(path_of(form.action), {**data, **files}, headers=headers)
        return self.client.post(
            path_of(form.action), urlencode(pairs), content_type="application/x-www-form-urlencoded", headers=headers
        )

    @contextmanager
    def _undone(self) -> Iterator[None]:
        kept = SimpleCookie()
        kept.update({name: copy(morsel) for name, morsel in self.client.cookies.items()})
        cache.clear()
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)
            self.client.cookies = kept


def _said(response: Any) -> list[tuple[str, str]]:
    request = response.wsgi_request
    if not hasattr(request, "_messages"):
        return []
    return [(message.level_tag, str(message.message)) for message in get_messages(request)._queued_messages]


@contextmanager
def _failures() -> Iterator[list[str]]:
    """Exceptions that no view answers."""
    found: list[str] = []

    def note(**_: Any) -> None:
        lines = traceback.format_exc().strip().splitlines()
        ours = [line.strip() for line in lines if "/portal/" in line or "/apps/" in line]
        found.append(f"{lines[-1][:300]} at {ours[-1] if ours else ''}")

    got_request_exception.connect(note)
    try:
        yield found
    finally:
        got_request_exception.disconnect(note)


@contextmanager
def _written() -> Iterator[list[str]]:
    """The digest of the world before something was first written, where something was."""
    before: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        match = _WRITES.match(sql)
        if match and match[1] not in _NOISE and not before:
            before.append(digest())
        return execute(sql, *arguments)

    with connection.execute_wrapper(note):
        yield before


def digest() -> str:
    """Every row that counts, as one text."""
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table not in _NOISE:
                cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
                found.update(repr(cursor.fetchall()).encode())
    return found.hexdigest()
