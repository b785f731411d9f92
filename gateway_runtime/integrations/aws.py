"""AWS: an action of an AWS service behind mappings. Lambda functions are invoked through their port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.integrations import lambda_custom
from gateway_runtime.integrations.invoking import FunctionTarget, function_target
from gateway_runtime.snapshot.stage import MethodSite, NotImplementedHere

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step


def map_request(site: MethodSite) -> Step | None:
    return lambda_custom.map_request(site, _target(site))


def integrate(site: MethodSite) -> Step | None:
    return lambda_custom.integrate(site, _target(site))


def map_response(site: MethodSite) -> Step | None:
    _target(site)
    return lambda_custom.map_response(site)


def _target(site: MethodSite) -> FunctionTarget:
    target = function_target(site)
    if target is None:
        raise NotImplementedHere("AWS integrations of other services than Lambda are not implemented")
    if target.streams:
        raise NotImplementedHere("AWS integrations that stream are not implemented")
    return target
