"""API keys: what callers of an API send as `x-api-key`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Left

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, ConflictException, NotFoundException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, Patch, PatchTable, Rule, boolean, replaceable, text
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import api_key_path, drop_tags, put_tags, tags_of, tags_of_all
from apps.control_plane.v1.usage_plan_keys import put_into_plan
from apps.core import ids
from apps.core.secrets import Secret, api_key_digest
from apps.deployments import publisher
from apps.deployments.models import Stage
from apps.usage_plans.models import ApiKey, UsagePlan

MAX_KEYS = 10_000
MAX_NAME = 1024
MAX_DESCRIPTION = 125_000
_COLUMNS = {"name", "key", "description", "enabled", "usageplanids"}


@operation("CreateApiKey")
def create_api_key(caller: Caller, request: Shape) -> Shape:
    """A new key. Its value is shown in this answer, and later to those who ask to include it."""
    row = _create(caller, request)
    publisher.publish_keys(caller.account_id, caller.region, [row.key_id])
    return api_key_shape(row, tags_of(caller, api_key_path(row.key_id)), value=True)


@operation("GetApiKey")
def get_api_key(caller: Caller, request: Shape) -> Shape:
    """One key; `includeValue` shows its value."""
    row = find_api_key(caller, request["apiKey"])
    return api_key_shape(row, tags_of(caller, api_key_path(row.key_id)), value=bool(request.get("includeValue")))


@operation("GetApiKeys")
def get_api_keys(caller: Caller, request: Shape) -> Shape:
    """The keys, newest first, whose name begins with `nameQuery` and whose customer is `customerId`, where these are given."""
    rows = ApiKey.objects.filter(account_id=caller.account_id, region=caller.region)
    if request.get("nameQuery"):
        query = request["nameQuery"]
        rows = rows.annotate(beginning=Left("name", len(query))).filter(beginning=Value(query))
    if request.get("customerId"):
        rows = rows.filter(customer_id=request["customerId"])
    with_values = bool(request.get("includeValues"))
    found, position = page(rows if with_values else rows.defer("value"), request, "-pk")
    tags = tags_of_all(caller, [api_key_path(row.key_id) for row in found])
    return paged([api_key_shape(row, tags[api_key_path(row.key_id)], value=with_values) for row in found], position)


@operation("UpdateApiKey")
def update_api_key(caller: Caller, request: Shape) -> Shape:
    """Patch a key; it acts at once."""
    row = find_api_key(caller, request["apiKey"])
    hold(row)
    _patches(caller).apply(row, request.get("patchOperations"))
    row.save()
    publisher.publish_keys(caller.account_id, caller.region, [row.key_id])
    return api_key_shape(row, tags_of(caller, api_key_path(row.key_id)))


@operation("DeleteApiKey")
def delete_api_key(caller: Caller, request: Shape) -> Shape:
    """Delete a key; usage plans forget it."""
    row = find_api_key(caller, request["apiKey"])
    row.delete()
    publisher.publish_keys(caller.account_id, caller.region, [row.key_id])
    drop_tags(caller, api_key_path(row.key_id))
    return {}


@operation("ImportApiKeys")
def import_api_keys(caller: Caller, request: Shape) -> Shape:
    """Keys from a CSV file with the columns Name, Key, Description, Enabled and UsagePlanIds, in any order.

    A line that cannot be imported is a warning; `failOnWarnings` makes the first of them the error of the whole import.
    """
    created: list[str] = []
    warnings: list[str] = []
    for number, line in enumerate(_csv_lines(request["body"]), start=2):
        try:
            with transaction.atomic():  # a line is imported whole or not at all
                created.append(_import_line(caller, line).key_id)
        except AwsError as error:
            warnings.append(f"Line {number}: {error.message}")
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException(f"Warnings found during import: {'; '.join(warnings)}")
    publisher.publish_keys(caller.account_id, caller.region, created)
    return {"ids": created, "warnings": warnings}


def find_api_key(caller: Caller, key_id: str) -> ApiKey:
    """A key of the caller; raises NotFoundException in AWS's words."""
    return caller.find(ApiKey, "Invalid API Key identifier specified", key_id=key_id)


def api_key_shape(row: ApiKey, tags: dict[str, str] | None = None, *, value: bool = False) -> Shape:
    """AWS's ApiKey, with its secret `value` where that is asked for."""
    members: dict[str, Any] = {
        "id": row.key_id,
        "value": str(row.value) if value else None,
        "name": row.name or None,
        "customerId": row.customer_id or None,
        "description": row.description or None,
        "enabled": row.enabled,
        "createdDate": row.created,
        "lastUpdatedDate": row.last_updated,
        "stageKeys": row.stage_keys,
        "tags": tags or None,
    }
    return {name: item for name, item in members.items() if item is not None}


def _create(caller: Caller, members: Shape) -> ApiKey:
    name = _checked_name(members.get("name"))
    description = _checked_description(members.get("description"))
    value = _checked_value(members.get("value")) or ids.api_key_value()
    stage_keys = [
        _existing_stage(caller, key.get("restApiId"), key.get("stageName")) for key in members.get("stageKeys") or ()
    ]
    mine = ApiKey.objects.filter(account_id=caller.account_id, region=caller.region)
    digest = api_key_digest(value, settings.API_KEY_DIGEST_KEY)
    if mine.filter(value_digest=digest).exists():
        raise ConflictException("API Key already exists")
    if mine.count() >= MAX_KEYS:
        raise too_many("API Keys")
    row = ApiKey(
        account_id=caller.account_id,
        region=caller.region,
        value=Secret(value),
        value_digest=digest,
        name=name,
        description=description,
        enabled=bool(members.get("enabled")),
        customer_id=members.get("customerId"),
        stage_keys=stage_keys,
    )
    if members.get("generateDistinctId") is False:
        row.key_id = value
    row.save()
    put_tags(caller, api_key_path(row.key_id), members.get("tags"))
    return row


def _csv_lines(body: bytes) -> Iterable[dict[str, str]]:
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRequestException("Unable to parse the CSV file of API Keys") from error
    header = [column.strip().lower() for column in lines[0]] if lines else []
    if not {"name", "key"} <= set(header) or set(header) - _COLUMNS:
        raise BadRequestException(
            "Invalid header in the CSV file of API Keys. It must name Name and Key, and may name Description, Enabled "
            "and UsagePlanIds"
        )
    return [
        dict(zip(header, (cell.strip() for cell in line), strict=False))
        for line in lines[1:]
        if any(map(str.strip, line))
    ]


def _import_line(caller: Caller, line: dict[str, str]) -> ApiKey:
    plans = [
        caller.find(UsagePlan, f"Invalid Usage Plan ID specified: {plan_id}", plan_id=plan_id)
        for plan_id in line.get("usageplanids", "").replace(",", " ").split()
    ]
    if not line.get("key"):
        raise BadRequestException("API Key value should be at least 20 characters")
    row = _create(
        caller,
        {
            "name": line.get("name"),
            "value": line["key"],
            "description": line.get("description") or None,
            "enabled": boolean(line.get("enabled", "true")),
        },
    )
    for plan in plans:
        put_into_plan(plan, row)
    return row


def _checked_name(name: str | None) -> str | None:
    if name and len(name) > MAX_NAME:
        raise BadRequestException(f"Invalid API Key name, can be at most {MAX_NAME} characters.")
    return name or None


def _checked_description(description: str | None) -> str | None:
    if description and len(description) > MAX_DESCRIPTION:
        raise BadRequestException("Invalid API Key description specified.")
    return description


def _checked_value(value: str | None) -> str | None:
    if not value:
        return None
    if len(value) < 20:
        raise BadRequestException("API Key value should be at least 20 characters")
    if len(value) > 128:
        raise BadRequestException("API Key value exceeds maximum size of 128 characters")
    return value


def _existing_stage(caller: Caller, rest_api_id: str | None, stage_name: str | None) -> str:
    """`api/stage`, as a key lists the stages it was made for before there were usage plans."""
    api = caller.rest_api(rest_api_id or "")
    if not Stage.objects.filter(rest_api=api, name=stage_name or "").exists():
        raise NotFoundException("Invalid stage identifier specified")
    return f"{api.id}/{stage_name}"


def _patches(caller: Caller) -> PatchTable:
    """The table of keys; finding a stage takes the caller."""

    def add_stage(row: ApiKey, patch: Patch) -> None:
        rest_api_id, _, stage_name = text(patch.value).partition("/")
        stage = _existing_stage(caller, rest_api_id, stage_name)
        row.stage_keys = [*(key for key in row.stage_keys if key != stage), stage]

    def remove_stage(row: ApiKey, patch: Patch) -> None:
        row.stage_keys = [key for key in row.stage_keys if key != patch.value]

    return PatchTable(
        (
            replaceable("/name", "name", _checked_name),
            replaceable("/description", "description", _checked_description),
            replaceable("/enabled", "enabled", boolean),
            replaceable("/customerId", "customer_id"),
            Rule("/stages", {"add": add_stage, "remove": remove_stage}),
        ),
        LISTS_PATHS,
    )
