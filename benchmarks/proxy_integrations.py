"""What AWS_PROXY and AWS integrations cost beside the function or service: run as `python -m benchmarks.proxy_integrations`.

The event of a proxy from a request, the answer from a function's result, and the signature of a request to a service.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from timeit import Timer
from typing import Any, cast

from apps.core.documents import DeploymentDocument, Integration, Method, Resource, StageDocument
from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from benchmarks.mapping_templates import HEADERS, exchange, microseconds
from gateway_runtime.edge.canonical import NAMES_KEY
from gateway_runtime.integrations.proxy_answer import answer_headers
from gateway_runtime.integrations.proxy_event import ProxyEvents
from gateway_runtime.integrations.proxy_result import read_result
from gateway_runtime.snapshot.stage import MethodSite

BODY = json.dumps({"id": 7, "name": "Rex", "tags": ["a", "b"]}).encode()
RESULT = json.dumps(
    {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": BODY.decode()}
).encode()
CREDENTIALS = AwsCredentials("AKIDBENCHMARK", "secret")
PLACE: dict[str, Any] = {
    "account_id": "123456789012", "region": "us-east-1", "api_id": "bench00000", "deployment_id": "d"
}  # fmt: skip


def site() -> MethodSite:
    """`POST /pets/{petId}` with a function behind it."""
    method = Method(http_method="POST", integration=Integration(type="AWS_PROXY"))
    resource = Resource(id="r", path="/pets/{petId}", methods=(method,))
    deployment = DeploymentDocument(**PLACE, api_name="pets", resources=(resource,))
    stage = StageDocument(**PLACE, stage_name="prod", variables={"tier": "gold"})
    return MethodSite(stage, deployment, None, cast("Any", None), False, resource, method)


def main() -> None:
    events = ProxyEvents(site())
    asked = exchange()
    asked.scope[NAMES_KEY] = [name.title() for name, _ in HEADERS]
    asked.path, asked.extended_id, asked.received_at = "/prod/pets/7", "e", 1_700_000_000.0
    now = datetime.now(UTC)
    request = SignedRequest("POST", b"/", b"", tuple(HEADERS), BODY)
    for name, run in (
        ("the event of a request", lambda: events.write(asked, BODY)),
        ("the answer from a result", lambda: answer_headers(read_result(RESULT))),
        ("the signature of a request", lambda: sign(request, CREDENTIALS, region="us-east-1", service="sqs", now=now)),
    ):
        print(f"{name}: {microseconds(Timer(run)):.1f} µs")


if __name__ == "__main__":
    main()
