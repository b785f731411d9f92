"""Models of a WebSocket API: JSON schemas by name, that messages are checked against."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponseBase

from apps.control_plane.errors import AwsError
from apps.v2_apis.models import ApiModel
from portal.console.gate import Console, console_page
from portal.console.models import ModelForm
from portal.console.paging import page_of_rows
from portal.console.v2_frame import V2Frame, given, v2_frame


class MessageModelForm(ModelForm):
    """A model of messages; what it is called can be changed while nothing refers to it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].help_text = "Letters and digits."
        self.fields["schema"].help_text = "Draft 4."

    def members(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "Name": data["name"],
            "ContentType": data["content_type"],
            "Description": data["description"],
            "Schema": data["schema"],
        }


@console_page("GET")
def models(console: Console, api_id: str) -> HttpResponseBase:
    """The API's models, by name."""
    frame = v2_frame(console, api_id, "v2_models")
    pages = page_of_rows(console, frame.api.models.all(), "name")
    return frame.page("console/v2/models.html", steps=("Models",), pages=pages, cli=[frame.command("GetModels")])


@console_page("GET", "POST")
def create_model(console: Console, api_id: str) -> HttpResponseBase:
    """A new model."""
    frame = v2_frame(console, api_id, "v2_models")
    form = MessageModelForm(console.posted)
    if form.is_valid():
        done = f"The model {form.cleaned_data['name']} exists."
        if frame.saves(form, "CreateModel", done, **given(form.members())):
            return frame.to("v2_models")
    example = {"Name": "Order", "ContentType": "application/json", "Schema": '{"type": "object"}'}
    return _page(frame, form, "Create model", frame.command("CreateModel", **example))


@console_page("GET", "POST")
def model(console: Console, api_id: str, model_id: str) -> HttpResponseBase:
    """One model, and the mapping template that is made from it."""
    frame = v2_frame(console, api_id, "v2_models")
    row = _model(frame, model_id)
    initial = {"name": row.name, "content_type": row.content_type, "description": row.description, "schema": row.schema}
    form = MessageModelForm(console.posted, initial=initial)
    if form.is_valid() and frame.saves(
        form, "UpdateModel", f"The model {row.name} is saved.", ModelId=model_id, **form.members()
    ):
        return frame.to("v2_models")
    try:
        sample = str(frame.call("GetModelTemplate", ModelId=model_id).get("Value", ""))
    except AwsError as error:
        sample = f"## {error.message}"
    return _page(frame, form, row.name, frame.command("GetModel", ModelId=model_id), model=row, sample=sample)


@console_page("POST")
def delete_model(console: Console, api_id: str, model_id: str) -> HttpResponseBase:
    """Delete a model; one that a route refers to stays, and is told."""
    frame = v2_frame(console, api_id, "v2_models")
    if frame.attempt(f"The model {_model(frame, model_id).name} is gone.", "DeleteModel", ModelId=model_id):
        return frame.to("v2_models")
    return frame.to("v2_model", model_id)


def _page(frame: V2Frame, form: MessageModelForm, title: str, command: Any, **context: Any) -> HttpResponseBase:
    return frame.page(
        "console/v2/model.html",
        steps=(("Models", frame.url("v2_models")), title),
        form=form,
        title=title,
        cli=[command],
        **context,
    )


def _model(frame: V2Frame, model_id: str) -> ApiModel:
    row = frame.api.models.filter(model_id=model_id).first()
    if row is None:
        raise Http404("no such model")
    return row
