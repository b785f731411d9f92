"""Tags of certificates."""

from __future__ import annotations

from collections.abc import Iterable

from apps.accounts.models import Tag
from apps.control_plane.acm.errors import InvalidTagException, TooManyTagsException
from apps.control_plane.acm.finding import find_certificate
from apps.control_plane.caller import Caller
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import MAX_TAGS


@operation("AddTagsToCertificate", service="acm")
def add_tags_to_certificate(caller: Caller, request: Shape) -> Shape:
    """Add tags, or give those that are there new values."""
    put_tags(caller, _found(caller, request), request["Tags"])
    return {}


@operation("ListTagsForCertificate", service="acm")
def list_tags_for_certificate(caller: Caller, request: Shape) -> Shape:
    """The tags of a certificate, by name."""
    rows = Tag.objects.filter(account_id=caller.account_id, arn=_found(caller, request)).order_by("key")
    return {"Tags": [{"Key": row.key, "Value": row.value} for row in rows]}


@operation("RemoveTagsFromCertificate", service="acm")
def remove_tags_from_certificate(caller: Caller, request: Shape) -> Shape:
    """Remove tags: of a name alone whatever its value, of a name with a value only that."""
    rows = Tag.objects.filter(account_id=caller.account_id, arn=_found(caller, request))
    for tag in request["Tags"]:
        named = rows.filter(key=tag["Key"])
        (named if tag.get("Value") is None else named.filter(value=tag["Value"])).delete()
    return {}


def put_tags(caller: Caller, arn: str, tags: Iterable[Shape]) -> None:
    """Give a certificate these tags besides those it has."""
    given = {tag["Key"]: tag.get("Value") or "" for tag in tags}
    for key in given:
        if key.lower().startswith("aws:"):
            raise InvalidTagException(f"A tag must not begin with aws: {key}")
    kept = Tag.objects.filter(account_id=caller.account_id, arn=arn).exclude(key__in=given)
    if given and kept.count() + len(given) > MAX_TAGS:
        raise TooManyTagsException(f"A certificate can have at most {MAX_TAGS} tags.")
    for key, value in given.items():
        Tag.objects.update_or_create(
            account_id=caller.account_id, arn=arn, key=key, defaults={"value": value, "region": caller.region}
        )


def _found(caller: Caller, request: Shape) -> str:
    return find_certificate(caller, request["CertificateArn"]).arn
