"""The words of stories about HTTP APIs: their documents."""

from __future__ import annotations

from typing import Any

from apps.core.documents import V2DeploymentDocument, V2StageDocument
from apps.core.v2_documents import V2Authorizer, V2Integration, V2RouteSettings
from tests.gateway_runtime.plane.builders import PLACE
from tests.gateway_runtime.plane.sockets import Path

HTTP_API = "httpapi000"
HOST = f"{HTTP_API}.execute-api.localhost"


def route(key: str, behind: V2Integration | None, **members: Any) -> Path:
    return Path(key, behind, **members)


def proxy(uri: str, method: str = "ANY", **members: Any) -> V2Integration:
    return V2Integration(id="", type="HTTP_PROXY", uri=uri, method=method, **members)


def function(arn: str, version: str = "2.0", **members: Any) -> V2Integration:
    return V2Integration(id="", type="AWS_PROXY", uri=arn, method="POST", payload_format_version=version, **members)


def http_api(
    *routes: Path,
    stage: str = "$default",
    authorizers: tuple[V2Authorizer, ...] = (),
    settings: dict[str, V2RouteSettings] | None = None,
    default_settings: V2RouteSettings | None = None,
    variables: dict[str, str] | None = None,
    log: str | None = None,
    **members: Any,
) -> tuple[V2DeploymentDocument, V2StageDocument]:
    """An HTTP API with one stage."""
    place: dict[str, Any] = {**PLACE, "api_id": HTTP_API, "protocol_type": "HTTP", "deployment_id": "dep001"}
    deployment = V2DeploymentDocument(
        **place,
        api_name="pets",
        routes=tuple(each.route for each in routes),
        integrations={each.behind.id: each.behind for each in routes if each.behind is not None},
        authorizers={authorizer.id: authorizer for authorizer in authorizers},
        **members,
    )
    at = V2StageDocument(
        **place,
        stage_name=stage,
        route_settings=settings or {},
        default_route_settings=default_settings or V2RouteSettings(),
        variables=variables or {},
        access_log_format=log,
    )
    return deployment, at
