"""What is done to many API keys at once: those that are ticked, or all that match a search. Long runs go on in steps, each a request."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.db.models import Max, QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.errors import AccessDeniedException, AwsError
from apps.usage_plans.models import ApiKey
from portal.console.api_keys import keys_found
from portal.console.gate import Console, console_page

STEP = 25
"""Keys that one request takes on."""
MOST_TICKED = 200
_NAMED = 5
_SHOWN = 20
_SALT = "portal.console.bulk_keys"
_SECONDS = 3_600
_COLUMNS = ("Name", "Id", "Description", "Enabled", "UsagePlanIds", "Created", "Expires")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
DONE = {"enable": "enabled", "disable": "disabled", "delete": "deleted", "plan": "added to the plan"}


@dataclass(frozen=True)
class Run:
    """What is being done, and how far it is. It travels with the page, signed; `after` is the row that was done last, `last` the last to do."""

    account: str
    region: str
    who: str
    action: str
    plan: str
    ticked: list[str] | None
    query: str
    total: int
    last: int
    after: int = 0
    done: int = 0
    failures: int = 0
    failed: list[str] = field(default_factory=list)

    def keys(self, console: Console) -> QuerySet[ApiKey]:
        """The keys that are still to be done."""
        rows = keys_found(console, self.query).filter(pk__gt=self.after, pk__lte=self.last)
        return (rows if self.ticked is None else rows.filter(key_id__in=self.ticked)).order_by("pk")

    @property
    def finished(self) -> bool:
        return self.after >= self.last

    @property
    def reached(self) -> int:
        return min(self.total, self.done + self.failures)


@console_page("POST")
def bulk_keys(console: Console) -> HttpResponseBase:
    """Begin: a file at once, a deletion after it has been confirmed, anything else with its first step."""
    given = console.request.POST
    run = _chosen(console)
    back = reverse("console:api_keys") + (f"?{urlencode({'q': run.query})}" if run.query else "")
    if not run.total:
        messages.warning(console.request, "No key was chosen. Nothing was done.")
        return redirect(back)
    if run.action == "export":
        return _file(console, run)
    if run.action not in DONE or (run.action == "plan" and not run.plan):
        messages.warning(console.request, "Choose what to do with the keys, and the plan to add them to.")
        return redirect(back)
    phrase = f"delete {run.total} key{'' if run.total == 1 else 's'}"
    if run.action == "delete" and console.may_write and given.get("confirmation", "").strip() != phrase:
        names = [key.name or key.key_id for key in run.keys(console)[:_SHOWN]]
        lost = [*names, *([f"and {run.total - len(names)} more"] if run.total > len(names) else [])]
        asked = {
            "title": f"Delete {run.total} keys?" if run.total > 1 else "Delete one key?",
            "lost": lost,
            "verb": "Delete",
            "undoable": run.total <= STEP,
        }
        posted = [
            (name, value)
            for name in given
            for value in given.getlist(name)
            if name not in ("confirmation", "csrfmiddlewaretoken")
        ]
        wrong = "confirmation" in given
        return console.page(
            "console/confirm.html", section="api-keys", asked=asked, name=phrase, wrong=wrong, posted=posted, back=back,
            status=422 if wrong else 200,
        )  # fmt: skip
    return _go_on(console, run)


@console_page("POST")
def bulk_keys_step(console: Console) -> HttpResponseBase:
    """The next step of a run."""
    try:
        run = Run(**signing.loads(console.request.POST.get("run", ""), salt=_SALT, max_age=_SECONDS))
    except signing.BadSignature:
        messages.error(console.request, "This run cannot be gone on with. Choose the keys anew.")
        return redirect("console:api_keys")
    if (run.account, run.region, run.who) != (console.account_id, console.region, console.caller.principal):
        messages.error(console.request, "This run was begun elsewhere. Choose the keys anew.")
        return redirect("console:api_keys")
    return _go_on(console, run)


def _chosen(console: Console) -> Run:
    """What the form says, with how many keys that means."""
    given = console.request.POST
    ticked = None if given.get("all") == "true" else given.getlist("key")[:MOST_TICKED]
    run = Run(
        account=console.account_id,
        region=console.region,
        who=console.caller.principal,
        action=given.get("action", ""),
        plan=given.get("plan", ""),
        ticked=ticked,
        query=given.get("q", "").strip(),
        total=0,
        last=2**62,
    )
    rows = run.keys(console)
    return replace(run, total=rows.count(), last=rows.aggregate(last=Max("pk"))["last"] or 0)


def _go_on(console: Console, run: Run) -> HttpResponseBase:
    """Take a step, and show how far it is, or what came of it all."""
    failed, done, failures, after = list(run.failed), run.done, run.failures, run.after
    keys = list(run.keys(console)[:STEP])
    for key in keys:
        try:
            _apply(console, run, key.key_id)
            done += 1
        except AccessDeniedException:
            raise
        except AwsError as error:
            failures += 1
            if len(failed) < _NAMED:
                failed.append(f"{key.name or key.key_id} ({error.message})")
        after = key.pk
    run = replace(run, done=done, failures=failures, failed=failed, after=after if len(keys) == STEP else run.last)
    if run.total > STEP:
        console.undoable.clear()  # of many steps the last alone could be taken back
    if not run.finished:
        state = signing.dumps(asdict(run), salt=_SALT)
        return console.page("console/bulk_keys.html", section="api-keys", run=run, state=state, verb=DONE[run.action])
    return _told(console, run)


def _apply(console: Console, run: Run, key_id: str) -> None:
    if run.action == "delete":
        console.call("DeleteApiKey", {"apiKey": key_id})
    elif run.action == "plan":
        console.call("CreateUsagePlanKey", {"usagePlanId": run.plan, "keyId": key_id, "keyType": "API_KEY"})
    else:
        patches = [{"op": "replace", "path": "/enabled", "value": "true" if run.action == "enable" else "false"}]
        console.call("UpdateApiKey", {"apiKey": key_id, "patchOperations": patches})


def _told(console: Console, run: Run) -> HttpResponseBase:
    """One message, with those that failed by name."""
    text = f"{run.done} key{'' if run.done == 1 else 's'} {DONE[run.action]}."
    if run.failures:
        more = f" and {run.failures - len(run.failed)} more" if run.failures > len(run.failed) else ""
        messages.warning(console.request, f"{text} {run.failures} not: {', '.join(run.failed)}{more}.")
    else:
        messages.success(console.request, text)
    back = reverse("console:api_keys") + (f"?{urlencode({'q': run.query})}" if run.query else "")
    if console.request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": back})
    return redirect(back)


def _file(console: Console, run: Run) -> HttpResponseBase:
    """The keys as CSV, without their values."""
    response = StreamingHttpResponse(_lines(run.keys(console)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="api-keys-{console.account_id}-{console.region}.csv"'
    return response


def _lines(keys: QuerySet[ApiKey]) -> Iterator[str]:
    yield _line(_COLUMNS)
    for key in keys.iterator(chunk_size=500):
        plans = ",".join(membership.plan.plan_id for membership in key.plans.all())
        ends = key.expires_at.astimezone(UTC).isoformat() if key.expires_at else ""
        enabled = "true" if key.enabled else "false"
        yield _line((key.name or "", key.key_id, key.description or "", enabled, plans, key.created.isoformat(), ends))


def _line(cells: Any) -> str:
    """A line whose cells no spreadsheet takes for formulas."""
    text = io.StringIO()
    csv.writer(text).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue()
