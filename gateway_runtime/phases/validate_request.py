"""Request validators: parameters that must be there, and bodies that must fit the model of their content type."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from apps.core.json_schemas import model_validators
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.limits import BODY
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.mapping.model_errors import Validator, tell_errors
from gateway_runtime.mapping.templates import media_type

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

_ANY_TYPE = "$default"
_PLACES = ("querystring", "header", "path")  # in the order in which missing ones are named


def validate_request(site: MethodSite) -> Step | None:
    """Refuse with 400 what the method's request validator does not let pass; a method without one has no step.

    A body is read whole where a model stands for its content type, and passes unread where none does. Raises BrokenModel
    while compiling.
    """
    method = site.method
    check = _parameter_check(method.request_parameters) if method.validate_parameters else None
    if not method.validate_body or not method.request_models:
        return check
    validator = _validators(site.deployment.api_id, tuple(site.deployment.models.items()))
    models = {
        media_type(kind.encode("latin-1", "replace")): validator(name) for kind, name in method.request_models.items()
    }
    default = models.pop(_ANY_TYPE, None)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        if check is not None:
            check(exchange)
        kind = media_type(exchange.request.header(b"content-type"))
        model = models.get(kind, default)
        return None if model is None else _check_body(exchange, model)

    return step


@lru_cache(maxsize=64)
def _validators(api_id: str, models: tuple[tuple[str, str], ...]) -> Callable[[str], Validator]:
    """One validator for each model of a deployment, whatever number of methods and stages use it."""
    return model_validators(api_id, dict(models))


# Parameters -------------------------------------------------------------------------------------------


def _parameter_check(parameters: dict[str, bool]) -> Step | None:
    """A step that refuses requests in which a required parameter is missing or blank."""
    required: list[tuple[str, Callable[[Exchange], bool]]] = []
    for wanted in _PLACES:
        for parameter, is_required in parameters.items():
            place, _, name = parameter.removeprefix("method.request.").removeprefix("multivalue").partition(".")
            if is_required and place == wanted:
                required.append((name, _READERS[place](name)))
    if not required:
        return None

    def check(exchange: Exchange) -> None:
        missing = [name for name, is_there in required if not is_there(exchange)]
        if missing:
            message = f"Missing required request parameters: [{', '.join(missing)}]"
            raise GatewayError("BAD_REQUEST_PARAMETERS", message=message, validation=lambda: message)

    return check


def _in_query(name: str) -> Callable[[Exchange], bool]:
    return lambda exchange: any(known == name and value.strip() for known, value in exchange.request.query)


def _in_headers(name: str) -> Callable[[Exchange], bool]:
    lower = name.lower().encode()
    return lambda exchange: any(known == lower and value.strip() for known, value in exchange.request.headers)


def _in_path(name: str) -> Callable[[Exchange], bool]:
    return lambda exchange: bool(exchange.path_values.get(name, "").strip())


_READERS = {"querystring": _in_query, "header": _in_headers, "path": _in_path}

# Body -------------------------------------------------------------------------------------------------


async def _check_body(exchange: Exchange, model: Validator) -> None:
    body = await exchange.body.read()
    if len(body) > BODY.validated_at_once:
        await asyncio.to_thread(_check, body, model)
    else:
        _check(body, model)


def _check(body: bytes, model: Validator) -> None:
    """Without a body AWS validates an empty object."""
    try:
        value: Any = read_json(body) if body else {}
    except NotJson as error:
        reason = f"Unable to parse the request body: {error}"
        raise GatewayError("BAD_REQUEST_BODY", validation=lambda: reason) from None
    if not model.is_valid(value):
        raise GatewayError("BAD_REQUEST_BODY", validation=lambda: tell_errors(model, value, len(body)))
