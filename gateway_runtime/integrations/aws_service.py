"""AWS with any service but Lambda: a request made by mappings, signed, and answered through an integration response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apps.core.aws_services import JsonAction, action_of, signing_name, signing_region
from apps.core.integration_uris import AwsUri
from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.sts import CredentialsRefused, CredentialsUnavailable
from gateway_runtime.integrations import http
from gateway_runtime.integrations.request_headers import RequestHeaders
from gateway_runtime.integrations.service_credentials import compile_signer
from gateway_runtime.integrations.target import compile_target
from gateway_runtime.mapping.content import BinaryTypes
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured, NotImplementedHere
from gateway_runtime.upstream.origin import Origin

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step

_NO_CREDENTIALS = (CredentialsRefused, CredentialsUnavailable)
_SIGNATURES = frozenset({b"authorization", b"x-amz-date", b"x-amz-security-token", b"x-amz-content-sha256", b"host"})


def map_request(site: MethodSite, uri: AwsUri) -> Step | None:
    """Target, headers and body from mappings; what an action needs beside them is the gateway's to add."""
    templates = http.request_templates(site)
    target = compile_target(site, forward_query=False, overridable=templates.overrides, uri=_address(site, uri))
    own: Headers = []
    action = action_of(uri.name) if uri.kind == "action" else None
    if isinstance(action, JsonAction):
        own.append((b"x-amz-target", f"{action.target_prefix}.{uri.rest}".encode()))
        own.append((b"content-type", action.content_type.encode()))
    return http.compile_request(site, templates, target, RequestHeaders(site, own, tells_caller=False))


def _address(site: MethodSite, uri: AwsUri) -> str:
    """The URI as one by HTTP: end point, path and query."""
    access = site.services.aws
    name, before = uri.name, ""
    if uri.service == "s3" and uri.subdomain and access.own_end_point("s3") is not None:
        name, before = "s3", f"/{uri.subdomain}"  # the bucket: a server of one's own has no name for each
    end_point = access.end_point(name, uri.region, uri.partition)
    if uri.kind == "path":
        return f"{end_point}{before}/{uri.rest.lstrip('/')}"
    action = action_of(name)
    if action is None:
        raise NotImplementedHere(f"Actions of {name} are not implemented")
    if isinstance(action, JsonAction):
        return f"{end_point}/"
    verb, _, rest = uri.rest.partition("&")
    return f"{end_point}/?Action={verb}&Version={action.version}{'&' if rest else ''}{rest}"


def integrate(site: MethodSite, uri: AwsUri) -> Step | None:
    """Sign the request and send it. A body that passes is text unless its content type is binary, as on AWS."""
    origin = compile_target(site, forward_query=False, uri=_address(site, uri)).origin
    region = signing_region(uri.service, uri.region, uri.partition)
    send = compile_signed_sending(site, origin, service=signing_name(uri.name), region=region)
    binary_types = BinaryTypes(site)

    async def step(exchange: Exchange) -> None:
        body = exchange.out_body
        if not isinstance(body, bytes):
            body = await body.read()
            if exchange.request.header(b"content-type") not in binary_types:
                body = body.decode("utf-8", "replace").encode()
            exchange.out_body = body
        await send(exchange)

    return step


def compile_signed_sending(
    site: MethodSite, origin: Origin, *, service: str, region: str
) -> Callable[[Exchange], Awaitable[None]]:
    """A step that signs the request, whose body is whole, and sends it. Raises Misconfigured for an account without credentials."""
    signer = compile_signer(site, site.method.integration.credentials)
    if signer is None:
        settings = "GATEHOUSE_AWS_ACCESS_KEY_ID, GATEHOUSE_AWS_ACCOUNTS"
        raise Misconfigured(f"there are no credentials for AWS services for this account ({settings})")
    send = http.compile_sending(site, origin)
    own_method = (site.method.integration.http_method or "ANY").upper()
    clock = site.services.clock
    host: Headers = [(b"host", origin.authority)]

    def step(exchange: Exchange) -> Awaitable[None]:
        try:
            credentials = signer(exchange)
        except _NO_CREDENTIALS as error:
            raise _unsigned(error) from None
        if isinstance(credentials, AwsCredentials):
            return sign_and_send(exchange, credentials)
        return wait_and_send(exchange, credentials)

    async def wait_and_send(exchange: Exchange, waiting: Awaitable[AwsCredentials]) -> None:
        try:
            credentials = await waiting
        except _NO_CREDENTIALS as error:
            raise _unsigned(error) from None
        await sign_and_send(exchange, credentials)

    def sign_and_send(exchange: Exchange, credentials: AwsCredentials) -> Awaitable[None]:
        body = exchange.out_body
        assert isinstance(body, bytes)
        headers = [(name.lower(), value) for name, value in exchange.out_headers]
        headers = [header for header in headers if header[0] not in _SIGNATURES]
        path, _, query = exchange.target.partition("?")
        request = SignedRequest(
            exchange.request.method if own_method == "ANY" else own_method,
            path.encode(),
            query.encode(),
            (*host, *headers),
            body,
        )
        now = datetime.fromtimestamp(clock.time(), UTC)
        exchange.out_headers = headers + sign(request, credentials, region=region, service=service, now=now)
        return send(exchange)

    return step


def _unsigned(error: Exception) -> GatewayError:
    refused = isinstance(error, CredentialsRefused)
    return GatewayError("API_CONFIGURATION_ERROR" if refused else "INTEGRATION_FAILURE", detail=str(error))


def map_response(site: MethodSite) -> Step | None:
    """Answer through the integration response that the service's status selects, under a content type of its own or JSON."""
    return http.compile_answer(site, lambda upstream: b"application/json")
