"""From where API keys may be used."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.gatehouse.api_key_life import held_key
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.api_keys import find_api_key
from apps.core.key_origins import BadOrigin, read_network, read_website
from apps.deployments import publisher
from apps.usage_plans.models import ApiKey

_MOST = 100  # of each


@operation("GetApiKeyOrigins", "gatehouse")
def get_api_key_origins(caller: Caller, request: Shape) -> Shape:
    """The networks and websites that a key may be used from; without any, it may be from everywhere."""
    return _shape(find_api_key(caller, request["keyId"]))


@operation("PutApiKeyOrigins", "gatehouse")
def put_api_key_origins(caller: Caller, request: Shape) -> Shape:
    """Say from where a key may be used, in place of what was said before. What is left out is not asked for."""
    row = held_key(caller, request)
    limit_key(row, request)
    return _shape(row)


def limit_key(row: ApiKey, request: Shape) -> None:
    """Have a key work from the networks and websites of a request alone; raises BadRequestException."""
    networks, websites = request.get("sourceNetworks") or [], request.get("websites") or []
    if max(len(networks), len(websites)) > _MOST:
        raise BadRequestException(f"A key has at most {_MOST} networks and {_MOST} websites")
    try:
        row.source_networks = list(dict.fromkeys(map(read_network, networks)))
        row.websites = list(dict.fromkeys(map(read_website, websites)))
    except BadOrigin as error:
        raise BadRequestException(str(error)) from None
    row.save(update_fields=["source_networks", "websites", "last_updated"])
    publisher.publish_keys(row.account_id, row.region, [row.key_id])


def _shape(row: ApiKey) -> Shape:
    return {"keyId": row.key_id, "sourceNetworks": row.source_networks, "websites": row.websites}
