"""AWS: an action of an AWS service behind mappings. Lambda functions are invoked through their port, other services over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.integration_uris import AwsUri, parse_aws_uri
from gateway_runtime.integrations import aws_service, lambda_custom
from gateway_runtime.integrations.invoking import FunctionTarget, function_target
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.snapshot.stage import MethodSite, NotImplementedHere

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step


def map_request(site: MethodSite) -> Step | None:
    behind = _behind(site)
    if isinstance(behind, AwsUri):
        return aws_service.map_request(site, behind)
    return lambda_custom.map_request(site, behind)


def integrate(site: MethodSite) -> Step | None:
    behind = _behind(site)
    if isinstance(behind, AwsUri):
        return aws_service.integrate(site, behind)
    return lambda_custom.integrate(site, behind)


def map_response(site: MethodSite) -> Step | None:
    behind = _behind(site)
    return aws_service.map_response(site) if isinstance(behind, AwsUri) else lambda_custom.map_response(site)


def _behind(site: MethodSite) -> FunctionTarget | AwsUri:
    """What the URI names. Raises Misconfigured."""
    target = function_target(site)
    if target is None:
        return parse_aws_uri(with_stage_variables(site.method.integration.uri or "", site))
    if target.streams:
        raise NotImplementedHere("AWS integrations that stream are not implemented")
    return target
