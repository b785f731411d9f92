"""The view behind every path of the AWS API: authenticate, route, parse, call, serialize."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.control_plane.outages import outages_answered
from apps.control_plane.wire import json_protocol, query_protocol
from apps.control_plane.wire.authentication import FindCredential, authenticate, find_access_key
from apps.control_plane.wire.errors import InternalFailure, UnknownOperationException
from apps.control_plane.wire.messages import WireRequest, WireResponse
from apps.control_plane.wire.parser import parse
from apps.control_plane.wire.router import Router, control_plane_router
from apps.control_plane.wire.serializer import serialize, serialize_error
from apps.control_plane.wire.service_models import SIGNING_NAME, SIGNING_NAMES
from apps.core.sigv4 import SignatureError, read_signature

Call = Callable[[Caller, str, str, dict[str, Any]], dict[str, Any]]

logger = logging.getLogger("gatehouse.wire")


class WireView:
    """A Django view over the port `call`, which performs operations, and the port `find_credential`."""

    csrf_exempt = True  # requests are signed; no browser's cookie counts here

    def __init__(
        self,
        call: Call,
        find_credential: FindCredential,
        *,
        router: Router | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._call = call
        self._find_credential = find_credential
        self._router = router
        self._clock = clock

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = str(uuid4())
        try:
            with outages_answered():
                return self._answer(WireRequest.of(request), request_id).to_django(request_id)
        except (AwsError, SignatureError) as error:
            return serialize_error(error).to_django(request_id)
        except Exception:
            logger.exception("request %s: %s %s failed", request_id, request.method, request.path)
            failure = InternalFailure(
                "The request processing has failed because of an unknown error, exception or failure."
            )
            return serialize_error(failure).to_django(request_id)

    def _answer(self, request: WireRequest, request_id: str) -> WireResponse:
        router = self._router or control_plane_router()
        match = router.match(request.raw.method, request.raw.raw_path, request.query)
        if match is None:
            beside = read_signature(request.raw).service
            perform = partial(self._perform, request, request_id, beside)
            if beside == query_protocol.STS:
                return query_protocol.answer(request, request_id, perform)
            if beside == json_protocol.ACM:
                return json_protocol.answer(request, perform)
        service = SIGNING_NAME if match is None else SIGNING_NAMES[match.service]
        find, now = self._find_credential, self._clock()
        caller = authenticate(request, find, now, request_id, routed=match is not None, service=service)
        if match is None:
            raise UnknownOperationException("The requested operation is not recognized by the service.")
        operation = match.operation
        shape = parse(operation, match.labels, request.query, request.headers, request.raw.body)
        return serialize(operation, self._call(caller, match.service, operation.name, shape))

    def _perform(
        self, request: WireRequest, request_id: str, service: str, name: str, shape: dict[str, Any]
    ) -> dict[str, Any]:
        """An operation of a service whose requests all go to one path, for whoever signed the request."""
        caller = authenticate(request, self._find_credential, self._clock(), request_id, routed=True, service=service)
        return self._call(caller, service, name, shape)


aws_api = WireView(registry.call, find_access_key)
