"""The three phases around the back end; the integration's type says how each is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway_runtime.integrations import aws, http, http_proxy, lambda_proxy, mock
from gateway_runtime.snapshot.stage import NotImplementedHere

if TYPE_CHECKING:
    from gateway_runtime.pipelines import Phase
    from gateway_runtime.snapshot.stage import MethodSite, Step


class IntegrationType(NamedTuple):
    """How requests of one type of integration are made, sent and answered."""

    map_request: Phase
    integrate: Phase
    map_response: Phase


TYPES: dict[str, IntegrationType] = {
    "AWS": IntegrationType(aws.map_request, aws.integrate, aws.map_response),
    "AWS_PROXY": IntegrationType(lambda_proxy.map_request, lambda_proxy.integrate, lambda_proxy.map_response),
    "MOCK": IntegrationType(mock.map_request, mock.integrate, mock.map_response),
    "HTTP": IntegrationType(http.map_request, http.integrate, http.map_response),
    "HTTP_PROXY": IntegrationType(http_proxy.map_request, http.integrate, http_proxy.map_response),
}


_LINKED = frozenset({("VPC_LINK", "HTTP"), ("VPC_LINK", "HTTP_PROXY")})


def map_request(site: MethodSite) -> Step | None:
    return _type(site).map_request(site)


def integrate(site: MethodSite) -> Step | None:
    return _type(site).integrate(site)


def map_response(site: MethodSite) -> Step | None:
    return _type(site).map_response(site)


def _type(site: MethodSite) -> IntegrationType:
    kind = site.method.integration
    if kind.type not in TYPES:
        raise NotImplementedHere(f"{kind.type} integrations are not implemented")
    if kind.connection_type != "INTERNET" and (kind.connection_type, kind.type) not in _LINKED:
        raise NotImplementedHere(f"{kind.connection_type} connections of {kind.type} integrations are not implemented")
    return TYPES[kind.type]
