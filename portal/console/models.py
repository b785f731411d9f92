"""Models of an API: JSON schemas by name, and the mapping template that is made from one."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import AwsError
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import CodeField, member_patch, read_json
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import MODELS

_PAGE = 50
_EXAMPLE = """{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "title": "Pet",
  "type": "object",
  "required": ["name"],
  "properties": {
    "name": {"type": "string"},
    "price": {"type": "number", "minimum": 0}
  }
}"""


class ModelForm(forms.Form):
    """A model. Its name and content type are chosen once."""

    name = forms.RegexField(
        r"^[A-Za-z0-9]+$",
        max_length=256,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "Pet"}),
        help_text="Letters and digits. It stays as it is once the model is made.",
        error_messages={"invalid": "A name has letters and digits only."},
    )
    content_type = forms.CharField(
        label="Content type",
        max_length=256,
        initial="application/json",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    description = forms.CharField(required=False)
    schema = CodeField(
        label="Model schema",
        rows=18,
        language="json",
        initial=_EXAMPLE,
        help_text="Draft 4. Another model is referred to as https://apigateway.amazonaws.com/restapis/API_ID/models/NAME.",
    )

    def clean_schema(self) -> str:
        schema = str(self.cleaned_data["schema"])
        read_json(schema)
        return schema


@console_page("GET")
def models(console: Console, api_id: str) -> HttpResponseBase:
    """The API's models, by name."""
    frame = api_frame(console, api_id, "models")
    position = console.request.GET.get("position", "")
    asked = {"restApiId": api_id, "limit": _PAGE, **({"position": position} if position else {})}
    answer = console.call("GetModels", asked)
    return frame.page(
        "console/models.html",
        openapi=MODELS,
        models=[{**model, "title": _title(model)} for model in answer.get("items", [])],
        next_url=f"?position={answer['position']}" if answer.get("position") else "",
        first_url=frame.url("models") if position else "",
        cli=[Command("GetModels", {"restApiId": api_id})],
    )


@console_page("GET", "POST")
def create_model(console: Console, api_id: str) -> HttpResponseBase:
    """A new model."""
    frame = api_frame(console, api_id, "models")
    form = ModelForm(console.posted)
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "restApiId": api_id,
            "name": data["name"],
            "contentType": data["content_type"],
            "schema": data["schema"],
        }
        if data["description"]:
            request["description"] = data["description"]
        if console.submit(form, "CreateModel", request) is not None:
            messages.success(console.request, f"The model {data['name']} is in the draft.")
            return redirect("console:model", api_id, data["name"])
    example = {"restApiId": api_id, "name": "Pet", "contentType": "application/json", "schema": '{"type": "object"}'}
    return _page(frame, form, title="Create model", cli=[Command("CreateModel", example)])


@console_page("GET", "POST")
def model(console: Console, api_id: str, name: str) -> HttpResponseBase:
    """One model, and the mapping template that is made from it."""
    frame = api_frame(console, api_id, "models")
    names = {"restApiId": api_id, "modelName": name}
    row = console.call("GetModel", names)
    initial = {"name": name, "content_type": row["contentType"], "description": row.get("description", ""),
               "schema": row.get("schema", "")}  # fmt: skip
    form = ModelForm(console.posted, initial=initial)
    for fixed in ("name", "content_type"):
        form.fields[fixed].disabled = True
    if form.is_valid():
        patches = [
            *member_patch("/schema", initial["schema"], form.cleaned_data["schema"]),
            *member_patch("/description", initial["description"], form.cleaned_data["description"]),
        ]
        update = {**names, "patchOperations": patches}
        if not patches or console.submit(form, "UpdateModel", update) is not None:
            messages.success(console.request, f"The model {name} is saved in the draft.")
            return redirect("console:model", api_id, name)
    return _page(
        frame,
        form,
        title=name,
        name=name,
        sample=_template(console, names),
        cli=[Command("GetModel", names), Command("GetModelTemplate", names)],
    )


@console_page("POST")
def delete_model(console: Console, api_id: str, name: str) -> HttpResponseBase:
    """Delete a model; one that is referred to stays, and what refers to it is told."""
    deleted = console.attempt(
        f"The model {name} is gone from the draft.", "DeleteModel", {"restApiId": api_id, "modelName": name}
    )
    return redirect("console:models", api_id) if deleted is not None else redirect("console:model", api_id, name)


def _page(frame: ApiFrame, form: ModelForm, *, title: str, cli: list[Command], **context: Any) -> HttpResponse:
    trail = [
        *frame.way,
        {"label": "Models", "url": frame.url("models")},
        {"label": title},
    ]
    return frame.page(
        "console/model.html",
        form=form,
        openapi=(*MODELS, title),
        title=title,
        trail=trail,
        cli=cli,
        status=422 if form.errors else 200,
        **context,
    )


def _template(console: Console, names: Shape) -> str:
    """The generated template; what stands in its way is no reason not to show the model."""
    try:
        return str(console.call("GetModelTemplate", names).get("value", ""))
    except AwsError as error:
        return f"## {error.message}"


def _title(model: Shape) -> str:
    """What the schema calls itself."""
    try:
        schema = json.loads(model.get("schema") or "{}")
    except ValueError:
        return ""
    return str(schema.get("title", "")) if isinstance(schema, dict) else ""
