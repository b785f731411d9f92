"""The resource tree of an API, and making and deleting resources."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.gatehouse.cors import DEFAULT_HEADERS
from apps.rest_apis.models import Method, Resource, RestApi
from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.fields import switch
from portal.console.gate import Console, Shape, console_page
from portal.console.method_detail import method_detail
from portal.console.openapi_parts import of_path

Node = dict[str, Any]


class ResourceForm(forms.Form):
    """A new resource below another."""

    path_part = forms.CharField(
        label="Resource name",
        max_length=1024,
        help_text="One segment: pets, {petId} for a variable, {proxy+} for everything below.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    proxy = forms.BooleanField(
        label="Proxy resource", required=False, widget=switch(), help_text="proxy becomes {proxy+}: every path below."
    )
    cors = forms.BooleanField(
        label="CORS (Cross Origin Resource Sharing)",
        required=False,
        widget=switch(),
        help_text="Adds an OPTIONS method by which pages of all origins may call. Enable CORS changes it later.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        part = data.get("path_part", "").strip("/ ")
        if data.get("proxy") and part:
            part = f"{{{part.strip('{+}')}+}}"
        return {**data, "path_part": part}


@console_page("GET")
def api(console: Console, api_id: str) -> HttpResponseBase:
    """The tree, and the resource or method that is chosen in it."""
    frame = api_frame(console, api_id, "api")
    resources = list(resources_of(frame.api))
    chosen = _chosen(resources, console.request.GET.get("resource", ""))
    verb = console.request.GET.get("method", "")
    method = next((one for one in chosen.methods.all() if one.http_method == verb), None)
    names = {"restApiId": frame.api.id, "resourceId": chosen.resource_id}
    shown = Command("GetMethod", {**names, "httpMethod": verb}) if method else Command("GetResource", names)
    return frame.page(
        "console/api.html",
        nodes=tree(frame.api, resources, chosen, method),
        openapi=of_path(chosen.path, verb if method else ""),
        resource=chosen,
        method=method_detail(frame, chosen, method) if method else None,
        resource_form=ResourceForm(prefix="resource"),
        verbs=_free_verbs(chosen),
        cli=[Command("GetResources", {"restApiId": frame.api.id}), shown],
    )


@console_page("POST")
def create_resource(console: Console, api_id: str, resource_id: str) -> HttpResponseBase:
    """A new resource below this one."""
    frame = api_frame(console, api_id, "api")
    parent = console.caller.resource(api_id, resource_id)
    form = ResourceForm(console.request.POST, prefix="resource")
    if form.is_valid():
        names = {"restApiId": api_id, "parentId": resource_id, "pathPart": form.cleaned_data["path_part"]}
        with_cors = form.cleaned_data["cors"]
        created = console.carry_out(form, lambda: _create(console, names, with_cors=with_cors))
        if created is not None:
            messages.success(console.request, f"{created['path']} exists.")
            return redirect(resource_url(api_id, created["id"]))
    resources = list(resources_of(frame.api))
    chosen = _chosen(resources, parent.resource_id)
    return frame.page(
        "console/api.html",
        nodes=tree(frame.api, resources, chosen, None),
        resource=chosen,
        resource_form=form,
        verbs=_free_verbs(chosen),
        status=422,
    )


def _create(console: Console, names: dict[str, str], *, with_cors: bool) -> Shape:
    """A resource, and if wanted what browsers ask before they call it; together or not at all."""
    with transaction.atomic():
        created = console.call("CreateResource", names)
        if with_cors:
            policy = {"allowOrigin": "*", "allowMethods": ["OPTIONS"], "allowHeaders": list(DEFAULT_HEADERS)}
            of_it = {"restApiId": names["restApiId"], "resourceId": created["id"]}
            console.call("EnableCors", {**of_it, **policy}, "gatehouse")
    return created


@console_page("POST")
def rename_resource(console: Console, api_id: str, resource_id: str) -> HttpResponseBase:
    """Give a resource another path part; everything below it moves along."""
    part = console.request.POST.get("path_part", "").strip("/ ")
    patch = {"op": "replace", "path": "/pathPart", "value": part}
    request = {"restApiId": api_id, "resourceId": resource_id, "patchOperations": [patch]}
    console.attempt("The resource is renamed in the draft, with everything below it.", "UpdateResource", request)
    return redirect(resource_url(api_id, resource_id))


@console_page("POST")
def delete_resource(console: Console, api_id: str, resource_id: str) -> HttpResponseBase:
    """Delete a resource with everything below it."""
    resource = console.caller.resource(api_id, resource_id)
    parent = resource.parent.resource_id if resource.parent else resource_id
    done = f"{resource.path} is gone from the draft. Stages keep it until the next deployment."
    console.attempt(done, "DeleteResource", {"restApiId": api_id, "resourceId": resource_id})
    return redirect(resource_url(api_id, parent))


def resource_url(api_id: str, resource_id: str, verb: str = "") -> str:
    """Where the tree shows a resource, or one of its methods."""
    url = reverse("console:api", args=[api_id]) + f"?resource={resource_id}"
    return f"{url}&method={verb}" if verb else url


def tree(api: RestApi, resources: list[Resource], chosen: Resource, method: Method | None) -> list[Node]:
    """The resources as components/tree.html takes them."""
    nodes: dict[int, Node] = {}
    roots: list[Node] = []
    for row in resources:
        node: Node = {
            "label": "/" if row.parent_id is None else f"/{row.path_part}",
            "url": resource_url(api.id, row.resource_id),
            "current": row == chosen and method is None,
            "children": [],
            "methods": [
                {
                    "verb": one.http_method,
                    "url": resource_url(api.id, row.resource_id, one.http_method),
                    "note": one.integration.type.lower().replace("_", " ")
                    if hasattr(one, "integration")
                    else "no integration",
                    "current": method is not None and one == method,
                }
                for one in row.methods.all()
            ],
        }
        nodes[row.pk] = node
        siblings = roots if row.parent_id is None else nodes[row.parent_id]["children"]
        siblings.append(node)
    return roots


def resources_of(api: RestApi) -> Any:
    """The tree in an order in which every parent comes before its children, with methods and integrations."""
    methods = Method.objects.select_related("integration").order_by("http_method")
    return api.resources.order_by("path").prefetch_related(Prefetch("methods", methods))


def _chosen(resources: list[Resource], resource_id: str) -> Resource:
    """The resource with this id, else the first one that has a method, else the root."""
    named = [row for row in resources if row.resource_id == resource_id]
    return (named or [row for row in resources if row.parent_id is None])[0]


def _free_verbs(resource: Resource) -> list[str]:
    taken = {method.http_method for method in resource.methods.all()}
    verbs = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
    return [verb for verb in verbs if verb not in taken]
