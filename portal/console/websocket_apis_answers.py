"""How a route of a WebSocket API answers its client: the models and headers of its route response."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from apps.v2_apis.models import Route
from portal.console.fields import PairsField
from portal.console.gate import Console, Shape, console_page
from portal.console.v2_frame import map_change, v2_frame


class RouteResponseForm(forms.Form):
    """What a route says of its answers."""

    expression = forms.CharField(
        label="Model selection expression",
        required=False,
        max_length=1024,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "$request.body.kind"}),
    )
    models = PairsField(
        label="Models of answers",
        rows=2,
        placeholder="pet = Pet",
        help_text="One per line: what the expression finds, and the name of the model.",
    )
    parameters = PairsField(
        label="Headers",
        rows=2,
        placeholder="route.response.header.X-Trace = optional",
        help_text="One per line, each required or optional.",
    )

    def clean_parameters(self) -> dict[str, Shape]:
        words: dict[str, str] = self.cleaned_data["parameters"]
        for name, need in words.items():
            if need not in ("required", "optional"):
                raise forms.ValidationError(f"{name} must be required or optional, not “{need}”.")
        return {name: {"Required": need == "required"} for name, need in words.items()}


@console_page("GET", "POST")
def route_response(console: Console, api_id: str, route_id: str) -> HttpResponseBase:
    """The route response of a route that answers."""
    frame = v2_frame(console, api_id, "v2_api")
    route = Route.objects.filter(api=frame.api, route_id=route_id).first()
    answer = route.responses.first() if route else None
    if route is None or answer is None:
        raise Http404("no such route response")
    form = RouteResponseForm(console.posted, initial=_initial(answer))
    back = f"{frame.url('v2_api')}?route={route_id}"
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "RouteId": route_id,
            "RouteResponseId": answer.route_response_id,
            "ModelSelectionExpression": data["expression"],
            "ResponseModels": map_change(answer.response_models, data["models"]),
            "ResponseParameters": map_change(answer.response_parameters, data["parameters"], {}),
        }
        if frame.saves(form, "UpdateRouteResponse", "The route response is saved.", **request):
            return redirect(back)
    return frame.page(
        "console/v2/form.html",
        steps=((route.route_key, back), "Route response"),
        form=form,
        title=f"Route response of {route.route_key}",
        intro="It describes what clients are answered, in SDKs and documentation; what is sent is what the integration answers.",
        submit="Save route response",
        back=back,
        cli=[frame.command("GetRouteResponses", RouteId=route_id)],
    )


def _initial(answer: Any) -> dict[str, Any]:
    return {
        "expression": answer.model_selection_expression or "",
        "models": answer.response_models,
        "parameters": {
            name: "required" if needed.get("Required") else "optional"
            for name, needed in answer.response_parameters.items()
        },
    }
