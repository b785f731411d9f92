"""Bodies between base64 text and bytes."""

from __future__ import annotations

import base64
from dataclasses import replace

from apps.core.documents import IntegrationResponse
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import get, http, mock, post, rest_api
from tests.gateway_runtime.plane.harness import GatewayHarness

NOISE = bytes(range(200, 256))


async def test_a_mock_serves_bytes_from_a_base64_template(gateway: GatewayHarness) -> None:
    image = IntegrationResponse(
        status_code="200",
        response_templates={"image/png": base64.b64encode(NOISE).decode()},
        content_handling="CONVERT_TO_BINARY",
    )
    gateway.serve(rest_api(get("/dot", mock(responses=(image,)))))

    answer = await gateway.get("/prod/dot")

    assert (answer.body, answer.header("content-type")) == (NOISE, "image/png")


async def test_text_that_is_no_base64_cannot_become_bytes(gateway: GatewayHarness) -> None:
    broken = IntegrationResponse(
        status_code="200", response_templates={"image/png": "?"}, content_handling="CONVERT_TO_BINARY"
    )
    gateway.serve(rest_api(get("/dot", mock(responses=(broken,)))))

    assert (await gateway.get("/prod/dot")).status == 500


async def test_binary_bodies_become_text_and_text_stays(gateway: GatewayHarness, backend: Backend) -> None:
    to_text = IntegrationResponse(status_code="200", content_handling="CONVERT_TO_TEXT")
    api = rest_api(post("/in", http(backend.url, "POST", to_text, content_handling="CONVERT_TO_TEXT")))
    gateway.serve(replace(api, binary_media_types=("image/*",)))
    backend.answers(200, NOISE, Content_Type="image/gif")

    answer = await gateway.post("/prod/in", NOISE, content_type="image/png")
    await gateway.post("/prod/in", b"plain", content_type="text/plain")

    assert answer.body == base64.b64encode(NOISE)
    assert [seen.body for seen in backend.requests] == [base64.b64encode(NOISE), b"plain"]
