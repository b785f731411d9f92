"""Tags of functions. Two of them say where a function really runs (`apps.functions.freeze`)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from apps.accounts.models import Tag
from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api.errors import InvalidParameterValueException
from apps.control_plane.lambda_api.finding import find_function
from apps.control_plane.registry import Shape, operation
from apps.deployments.function_publisher import publish_function
from apps.functions.freeze import ENDPOINT, FOLDER
from apps.functions.models import Function

MAX_TAGS = 50


@operation("TagResource", service="lambda")
def tag_resource(caller: Caller, request: Shape) -> Shape:
    """Add tags to a function, or give those it has new values."""
    function = _tagged(caller, request)
    put_function_tags(caller, function, request["Tags"])
    publish_function(function)
    return {}


@operation("UntagResource", service="lambda")
def untag_resource(caller: Caller, request: Shape) -> Shape:
    """Remove tags from a function; names it does not have are no error."""
    function = _tagged(caller, request)
    Tag.objects.filter(account_id=caller.account_id, arn=function.named.arn, key__in=request["TagKeys"]).delete()
    publish_function(function)
    return {}


@operation("ListTags", service="lambda")
def list_tags(caller: Caller, request: Shape) -> Shape:
    return {"Tags": function_tags(_tagged(caller, request))}


def function_tags(function: Function) -> dict[str, str]:
    rows = Tag.objects.filter(account_id=function.account_id, arn=function.named.arn).order_by("key")
    return dict(rows.values_list("key", "value"))


def put_function_tags(caller: Caller, function: Function, tags: dict[str, str]) -> None:
    """Give a function these tags besides those it has."""
    _check(tags)
    arn = function.named.arn
    if len({**function_tags(function), **tags}) > MAX_TAGS:
        raise InvalidParameterValueException(f"The number of tags exceeds the limit of {MAX_TAGS}")
    for key, value in tags.items():
        Tag.objects.update_or_create(
            account_id=caller.account_id, arn=arn, key=key, defaults={"value": value, "region": caller.region}
        )


def _tagged(caller: Caller, request: Shape) -> Function:
    return find_function(caller, {"FunctionName": request["Resource"]})


def _check(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:") or len(value) > 256:
            raise InvalidParameterValueException(f"Invalid tag: {key}")
    endpoint, folder = tags.get(ENDPOINT), tags.get(FOLDER)
    if endpoint is not None and not _is_url(endpoint):
        raise InvalidParameterValueException(f"The tag {ENDPOINT} must be a URL of http or https.")
    if folder is not None and not settings.ENVIRONMENT.function_folders:
        raise InvalidParameterValueException(f"The tag {FOLDER} needs the setting GATEHOUSE_FUNCTION_FOLDERS.")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
