"""What programs change through the portal's JSON API: exactly what people change on its pages, by the same operations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.portals.models import ApplicationMember
from portal.developer import catalogue
from portal.developer.access import (
    change,
    create_application,
    give_access,
    home_of_applications,
    join_application,
    unsubscribe,
)
from portal.developer.api import application, application_shape, applications
from portal.developer.api_access import needs
from portal.developer.applications import KeyOnPage, my_application

Shape = dict[str, Any]


class ApplicationBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=128)
    description = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")


class KeyBody(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    expires = serializers.DateTimeField(required=False)


class LabelBody(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=64, allow_blank=True)


class RotationBody(serializers.Serializer[Any]):
    overlapSeconds = serializers.IntegerField(min_value=0, max_value=2_592_000, required=False, default=86_400)  # noqa: N815 - a member of the API


class LimitsBody(serializers.Serializer[Any]):
    websites = serializers.ListField(child=serializers.CharField(max_length=300), required=False)
    networks = serializers.ListField(child=serializers.CharField(max_length=64), required=False)


class SubscriptionBody(serializers.Serializer[Any]):
    product = serializers.SlugField(max_length=64)
    plan = serializers.CharField(max_length=32)


class MemberBody(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=ApplicationMember.Role.values)


class RoleBody(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=ApplicationMember.Role.values)


class ClientBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=128)
    grantType = serializers.ChoiceField(choices=["client_credentials", "authorization_code"])  # noqa: N815 - a member of the API
    clientType = serializers.ChoiceField(choices=["confidential", "public"], required=False)  # noqa: N815 - a member of the API
    redirectUris = serializers.ListField(child=serializers.CharField(max_length=2000), required=False)  # noqa: N815 - a member of the API


@api_view(["GET", "POST"])
def application_list(request: Request) -> Response:
    """List one's applications, or make one."""
    if request.method == "GET":
        return applications(request)
    return _create_application(request)


@needs("write")
def _create_application(request: Request) -> Response:
    home = home_of_applications()
    if home is None:
        raise ValidationError("This installation has no account yet.")
    made = create_application(request._request, request.user, *home, **_body(ApplicationBody, request))
    return Response(application_shape(my_application(request.user, made)), status=201)


@api_view(["GET", "PATCH", "DELETE"])
def one_application(request: Request, application_id: str) -> Response:
    """GET an application, PATCH its name and description, or DELETE it."""
    return (application if request.method == "GET" else _change_application)(request, application_id)


@needs("write")
def _change_application(request: Request, application_id: str) -> Response:
    mine = my_application(request.user, application_id)
    if request.method == "DELETE":
        _change(request, application_id, "DeleteApplication")
        return Response(status=204)
    given = {"name": mine.name, "description": mine.description, **_mapping(request)}
    body = ApplicationBody(data=given)
    body.is_valid(raise_exception=True)
    _change(request, application_id, "UpdateApplication", **body.validated_data)
    return Response(application_shape(my_application(request.user, application_id)))


@api_view(["POST"])
@needs("write")
def accept_invitation(request: Request, member_id: str) -> Response:
    """Join the application of an invitation to one's own confirmed address; 404 for one to somebody else's."""
    row = ApplicationMember.objects.select_related("application").filter(member_id=member_id, user=None).first()
    if row is None:
        raise Http404("No such invitation.")
    join_application(request._request, request.user, row)
    return Response(application_shape(my_application(request.user, row.application.application_id)), status=201)


@api_view(["POST"])
@needs("keys")
def key_list(request: Request, application_id: str) -> Response:
    """Make another key; its value is in the answer."""
    body = _body(KeyBody, request)
    before = {key.id for key in my_application(request.user, application_id).keys}
    members: Shape = {"additional": True, "label": body["label"]}
    if body.get("expires"):
        members["expiresDate"] = body["expires"]
    _change(request, application_id, "CreateApplicationKey", **members)
    made = next(key for key in my_application(request.user, application_id).keys if key.id not in before)
    return Response(_key_shape(made), status=201)


@api_view(["GET", "PATCH", "DELETE"])
@needs("keys")
def one_key(request: Request, application_id: str, key_id: str) -> Response:
    """GET a key with its value, PATCH its label, or DELETE (revoke) it."""
    key = _key(request, application_id, key_id)
    if request.method == "DELETE":
        _change(request, application_id, "RevokeApplicationKey", keyId=key.id)
        return Response(status=204)
    if request.method == "PATCH":
        _change(request, application_id, "UpdateApplicationKey", keyId=key.id, **_body(LabelBody, request))
    return Response(_key_shape(_key(request, application_id, key_id)))


@api_view(["POST"])
@needs("keys")
def rotate_key(request: Request, application_id: str, key_id: str) -> Response:
    """Replace a key; the old one works for `overlapSeconds` more. The answer is the new one."""
    overlap = _body(RotationBody, request)["overlapSeconds"]
    key = _key(request, application_id, key_id)
    made = _change(request, application_id, "RotateApplicationKey", keyId=key.id, overlapSeconds=overlap)
    return Response(_key_shape(_key(request, application_id, made["keyId"])), status=201)


@api_view(["PUT"])
@needs("keys")
def limit_key(request: Request, application_id: str, key_id: str) -> Response:
    """Say from where a key works; what is left out is not asked for."""
    body = _body(LimitsBody, request)
    members = {"sourceNetworks": body.get("networks", []), "websites": body.get("websites", [])}
    _change(
        request, application_id, "PutApplicationKeyOrigins", keyId=_key(request, application_id, key_id).id, **members
    )
    return Response(_key_shape(_key(request, application_id, key_id)))


@api_view(["POST"])
@needs("write")
def subscribe(request: Request, application_id: str) -> Response:
    """Have the application use a product under a plan, or change over to it."""
    body = _body(SubscriptionBody, request)
    offer = catalogue.offer(request.user, body["product"])
    plan = offer.plan(body["plan"])
    if plan is None:
        raise ValidationError({"plan": ["The product is not offered under that plan."]})
    my_application(request.user, application_id)
    give_access(request._request, request.user, offer, plan, application_id)
    return Response(application_shape(my_application(request.user, application_id)), status=201)


@api_view(["DELETE"])
@needs("write")
def end_subscription(request: Request, application_id: str, subscription_id: str) -> Response:
    """End a subscription, or withdraw a request for one."""
    mine = my_application(request.user, application_id)
    row = next((one for one in mine.subscriptions if one.subscription_id == subscription_id), None)
    if row is None:
        raise Http404("No such subscription.")
    unsubscribe(request._request, request.user, row)
    return Response(status=204)


@api_view(["GET", "POST"])
def member_list(request: Request, application_id: str) -> Response:
    """List the members, or invite somebody."""
    if request.method == "GET":
        return _list(request, application_id, "ListApplicationMembers")
    return _make(request, application_id, "InviteApplicationMember", MemberBody)


@api_view(["PATCH", "DELETE"])
@needs("write")
def one_member(request: Request, application_id: str, member_id: str) -> Response:
    """Give a member another role, or take them away."""
    if request.method == "DELETE":
        _change(request, application_id, "RemoveApplicationMember", memberId=member_id)
        return Response(status=204)
    role = _body(RoleBody, request)
    return Response(_json(_change(request, application_id, "UpdateApplicationMember", memberId=member_id, **role)))


@api_view(["GET", "POST"])
def client_list(request: Request, application_id: str) -> Response:
    """List the OAuth clients, or make one; its secret is in that answer alone."""
    if request.method == "GET":
        return _list(request, application_id, "ListApplicationClients")
    return _make(request, application_id, "CreateApplicationClient", ClientBody)


@api_view(["DELETE"])
@needs("write")
def one_client(request: Request, application_id: str, client_id: str) -> Response:
    """Delete an OAuth client."""
    _change(request, application_id, "DeleteApplicationClient", clientId=client_id)
    return Response(status=204)


@api_view(["POST"])
@needs("write")
def rotate_secret(request: Request, application_id: str, client_id: str) -> Response:
    """Make another secret of an OAuth client."""
    return Response(_json(_change(request, application_id, "RotateApplicationClientSecret", clientId=client_id)))


@needs("read")
def _list(request: Request, application_id: str, operation: str) -> Response:
    return Response({"items": [_json(one) for one in _change(request, application_id, operation)["items"]]})


@needs("write")
def _make(request: Request, application_id: str, operation: str, shape: type[serializers.Serializer[Any]]) -> Response:
    return Response(_json(_change(request, application_id, operation, **_body(shape, request))), status=201)


def _change(request: Request, application_id: str, operation: str, /, **members: Any) -> Shape:
    return change(
        request._request, request.user, my_application(request.user, application_id).row, operation, **members
    )


def _body(shape: type[serializers.Serializer[Any]], request: Request) -> Shape:
    """The checked body; raises ValidationError, which names each member that is wrong."""
    body = shape(data=_mapping(request))
    body.is_valid(raise_exception=True)
    found: Shape = dict(body.validated_data)
    if "expires" in found and found["expires"] <= timezone.now():
        raise ValidationError({"expires": ["A key cannot expire before it is made."]})
    return found


def _mapping(request: Request) -> Shape:
    if not isinstance(request.data, dict):
        raise ValidationError("The body has to be a JSON object.")
    return dict(request.data)


def _key(request: Request, application_id: str, key_id: str) -> KeyOnPage:
    mine = my_application(request.user, application_id)
    if not mine.manages:
        raise PermissionDenied("Only those who manage an application see its keys.")
    key = next((one for one in mine.keys if one.id == key_id), None)
    if key is None:
        raise Http404("No such key.")
    return key


def _key_shape(key: KeyOnPage) -> Shape:
    return {
        "id": key.id,
        "label": key.label,
        "value": str(key.value),
        "works": key.works,
        "expires": key.expires.isoformat() if key.expires else None,
        "websites": key.websites,
        "networks": key.networks,
    }


def _json(shape: Shape) -> Shape:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in shape.items()}
