"""The files of a Lambda function's package: shown, edited, added and deleted. Every change is deployed as a whole package."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from apps.functions.models import FunctionVersion
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.function_forms import NewFileForm, SourceForm
from portal.console.function_packages import PackedFile, files_of, replaced, source_of, text_of, without
from portal.console.function_page import LAMBDA, function_page, latest_of
from portal.console.gate import Console, Shape, console_page

MOST_SHOWN = 1_000
"""Files that the tree shows; libraries may bring tens of thousands."""
_CHANGED_MEANWHILE = (
    "Somebody else has deployed since this page was loaded. Load it again; what you typed stands below."
)


@console_page("POST")
def save_source(console: Console, name: str) -> HttpResponseBase:
    """Give the file with the handler another text."""
    row = latest_of(console, name)
    form = SourceForm(console.request.POST, prefix="source")
    found = source_of(bytes(row.code.body), row.runtime, row.handler)
    if form.is_valid() and found.editable and _deploys(console, form, row, _with(row, found.name, form)):
        return redirect("console:function", name)
    return function_page(console, name, source_form=form)


@console_page("GET", "POST")
def function_code(console: Console, name: str) -> HttpResponseBase:
    """The package as a tree, and the file of it that `?file=` names; without one, the file with the handler."""
    row = latest_of(console, name)
    chosen, text = _chosen(console, row)
    initial = {"source": text or "", "revision": row.revision_id}
    form = SourceForm(console.posted, prefix="source", initial=initial)
    if text is not None and form.is_valid() and _deploys(console, form, row, _with(row, chosen, form)):
        return redirect(file_url(name, chosen))
    return _page(console, row, chosen, text, form=form)


@console_page("POST")
def add_file(console: Console, name: str) -> HttpResponseBase:
    """Put an empty file into the package."""
    row = latest_of(console, name)
    form = NewFileForm(console.request.POST, prefix="new", files=[file.name for file in files_of(bytes(row.code.body))])
    if form.is_valid():
        added = str(form.cleaned_data["name"])
        if _deploys(console, form, row, replaced(bytes(row.code.body), added, "")):
            return redirect(file_url(name, added))
    chosen, text = _chosen(console, row)
    return _page(console, row, chosen, text, new_form=form)


@console_page("POST")
def delete_file(console: Console, name: str) -> HttpResponseBase:
    """Take a file out of the package."""
    row = latest_of(console, name)
    gone = console.request.POST.get("file", "")
    if gone not in {file.name for file in files_of(bytes(row.code.body))}:
        raise Http404("no such file")
    request = {"FunctionName": name, "ZipFile": without(bytes(row.code.body), gone)}
    if console.attempt(f"{gone} is gone. The next invocation runs without it.", "UpdateFunctionCode", request, LAMBDA):
        return redirect("console:function_code", name)
    return redirect(file_url(name, gone))


def file_url(name: str, file: str) -> str:
    """Where a file of a function is edited."""
    return f"{reverse('console:function_code', args=[name])}?{urlencode({'file': file})}"


def _deploys(console: Console, form: forms.Form, row: FunctionVersion, package: bytes) -> bool:
    """Give the function a package, unless somebody else did since the form was shown."""
    shown = form.cleaned_data.get("revision") or row.revision_id
    if shown != row.revision_id:
        form.add_error(None, _CHANGED_MEANWHILE)
        return False
    request: Shape = {"FunctionName": row.function.name, "ZipFile": package, "RevisionId": shown}
    if console.submit(form, "UpdateFunctionCode", request, LAMBDA) is None:
        return False
    messages.success(console.request, "Deployed. The next invocation runs it.")
    return True


def _with(row: FunctionVersion, file: str, form: forms.Form) -> bytes:
    return replaced(bytes(row.code.body), file, form.cleaned_data["source"])


def _chosen(console: Console, row: FunctionVersion) -> tuple[str, str | None]:
    """The file that is asked for with its text, which is None for what is no text; nothing in a package without any."""
    package = bytes(row.code.body)
    wanted = console.request.GET.get("file", "")
    if not wanted:
        files = files_of(package)
        wanted = source_of(package, row.runtime, row.handler).name or (files[0].name if files else "")
    try:
        return wanted, text_of(package, wanted) if wanted else None
    except KeyError:
        raise Http404("no such file") from None


def _page(
    console: Console,
    row: FunctionVersion,
    chosen: str,
    text: str | None,
    *,
    form: SourceForm | None = None,
    new_form: NewFileForm | None = None,
) -> HttpResponse:
    name = row.function.name
    files = files_of(bytes(row.code.body))
    initial = {"source": text or "", "revision": row.revision_id}
    here: dict[str, Any] = {"FunctionName": name}
    return console.page(
        "console/function_code.html",
        section="functions",
        name=name,
        file=next((one for one in files if one.name == chosen), None),
        editable=text is not None,
        nodes=_tree(name, files[:MOST_SHOWN], chosen),
        more=max(len(files) - MOST_SHOWN, 0),
        only=len(files) == 1,
        form=form or SourceForm(prefix="source", initial=initial),
        new_form=new_form or NewFileForm(prefix="new", files=[]),
        trail=[
            {"label": "Functions", "url": reverse("console:functions")},
            {"label": name, "url": reverse("console:function", args=[name])},
            {"label": "Code"},
        ],
        cli=command_samples(
            console,
            [
                Command("GetFunction", here, service=LAMBDA),
                Command("UpdateFunctionCode", here, file="package.zip", service=LAMBDA),
            ],
        ),
        status=422 if any(one is not None and one.errors for one in (form, new_form)) else 200,
    )


def _tree(name: str, files: list[PackedFile], chosen: str) -> list[dict[str, Any]]:
    """Files below their folders, as components/tree.html takes them. A folder leads to its first file."""
    roots: list[dict[str, Any]] = []
    folders: dict[str, list[dict[str, Any]]] = {"": roots}
    for file in files:
        *above, last = file.name.split("/")
        path = ""
        for part in above:
            parent, path = path, f"{path}/{part}"
            if path not in folders:
                folders[path] = []
                folder = {"label": f"{part}/", "url": file_url(name, file.name), "methods": []}
                folders[parent].append({**folder, "children": folders[path]})
        node = {"label": last, "url": file_url(name, file.name), "current": file.name == chosen}
        folders[path].append({**node, "children": [], "methods": []})
    return roots
