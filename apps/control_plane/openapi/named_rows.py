"""Authorizers and request validators of a definition become rows; by their names methods find them."""

from __future__ import annotations

from dataclasses import dataclass

from apps.control_plane.errors import too_many
from apps.control_plane.openapi.spec import ApiSpec
from apps.control_plane.v1.authorizers import MAX_AUTHORIZERS
from apps.rest_apis.models import Authorizer, RequestValidator, RestApi

_VALIDATOR_COLUMNS = ("validate_request_body", "validate_request_parameters")


@dataclass(frozen=True)
class NamedRows:
    """Ids by the names that a definition uses."""

    authorizers: dict[str, str]
    validators: dict[str, str]


def write_named(rest_api: RestApi, spec: ApiSpec, *, overwrite: bool) -> NamedRows:
    """Make those that are new and change those that are there, which keep their ids; overwriting deletes all others."""
    if overwrite:
        rest_api.authorizers.exclude(name__in=[one.name for one in spec.authorizers]).delete()
        rest_api.request_validators.exclude(name__in=[one.name for one in spec.validators]).delete()
    return NamedRows(_write_authorizers(rest_api, spec), _write_validators(rest_api, spec))


def _write_authorizers(rest_api: RestApi, spec: ApiSpec) -> dict[str, str]:
    known = {row.name: row for row in rest_api.authorizers.all()}
    if len(known.keys() | {one.name for one in spec.authorizers}) > MAX_AUTHORIZERS:
        raise too_many("Authorizers", "API")
    ids = {}
    for one in spec.authorizers:
        row = known.get(one.name) or Authorizer(rest_api=rest_api)
        for column, value in one.columns.items():
            setattr(row, column, value)
        row.save()
        ids[one.name] = row.authorizer_id
    return ids


def _write_validators(rest_api: RestApi, spec: ApiSpec) -> dict[str, str]:
    known: dict[str | None, RequestValidator] = {}
    for row in rest_api.request_validators.order_by("-pk"):
        known[row.name] = row  # of several with one name the oldest
    ids = {}
    for one in spec.validators:
        row = known.get(one.name) or RequestValidator(rest_api=rest_api, name=one.name)
        for column in _VALIDATOR_COLUMNS:
            setattr(row, column, getattr(one, column))
        row.save()
        ids[one.name] = row.validator_id
    return ids
