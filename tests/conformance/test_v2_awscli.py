"""An HTTP API by the AWS CLI alone: quick create, routes, automatic deployment, a mapped name, an export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme

from apps.accounts.models import AccessKey
from apps.core import documents, manifest
from apps.core.v2_documents import V2DeploymentDocument, V2StageDocument, v2_deployment_section, v2_stage_section
from tests.conftest import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/one"


@pytest.fixture
def aws_cli(live_portal: str, access_key: AccessKey, valkey: redis.Redis, tmp_path: Path) -> Callable[..., Any]:
    """`aws_cli("acm", "list-certificates", …)` is what `aws acm list-certificates …` prints."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": live_portal,
        "AWS_PAGER": "",
    }

    def run(*words: str) -> Any:
        command = [sys.executable, "-m", "awscli", *words, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


@pytest.fixture
def cli(aws_cli: Callable[..., Any]) -> Callable[..., Any]:
    """`cli("get-apis", …)` is what `aws apigatewayv2 get-apis …` prints."""
    return partial(aws_cli, "apigatewayv2")


def served(valkey: redis.Redis, api: str, stage: str) -> V2DeploymentDocument:
    """The API as a runtime is told to serve it."""

    def read(section: str) -> Any:
        digest = valkey.hget(manifest.MANIFEST, section)
        assert digest is not None
        return documents.decode(valkey.get(manifest.document_key(digest.decode())) or b"")

    at: V2StageDocument = read(v2_stage_section(api, stage))
    deployment: V2DeploymentDocument = read(v2_deployment_section(api, at.deployment_id))
    return deployment


def test_an_http_api_by_the_aws_cli(cli: Callable[..., Any], valkey: redis.Redis, tmp_path: Path) -> None:
    api = cli("create-api", "--name", "pets", "--protocol-type", "HTTP", "--target", "https://example.com/pets")[
        "ApiId"
    ]
    of_api = ("--api-id", api)
    (integration,) = cli("get-integrations", *of_api)["Items"]
    cli("create-route", *of_api, "--route-key", "GET /cats", "--target", f"integrations/{integration['IntegrationId']}")
    cli("update-api", *of_api, "--cors-configuration", "AllowOrigins=https://example.com,AllowMethods=GET")
    cli(
        "create-domain-name",
        "--domain-name",
        "api.example.com",
        "--domain-name-configurations",
        f"CertificateArn={CERTIFICATE}",
    )
    cli(
        "create-api-mapping", *of_api, "--domain-name", "api.example.com", "--stage", "$default", "--api-mapping-key", "shop/v1",
    )  # fmt: skip

    deployment = served(valkey, api, "$default")
    assert [route.key for route in deployment.routes] == ["$default", "GET /cats"]
    assert deployment.cors is not None
    assert deployment.cors.allow_origins == ("https://example.com",)

    exported = tmp_path / "pets.yaml"
    cli("export-api", *of_api, "--specification", "OAS30", "--output-type", "YAML", str(exported))
    again = cli("import-api", "--body", f"file://{exported}", "--fail-on-warnings")
    assert (again["Name"], again["CorsConfiguration"]["AllowMethods"]) == ("pets", ["GET"])

    stage = cli("get-stage", *of_api, "--stage-name", "$default")
    assert stage["LastDeploymentStatusMessage"].startswith("Successfully deployed stage with deployment ID")


def test_a_certificate_is_imported_and_a_name_shows_it(aws_cli: Callable[..., Any], tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("api.example.com")
    (tmp_path / "certificate.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    files = ["--certificate", f"fileb://{tmp_path}/certificate.pem", "--private-key", f"fileb://{tmp_path}/key.pem"]

    arn = aws_cli("acm", "import-certificate", *files)["CertificateArn"]
    shown = ["--domain-name-configurations", f"CertificateArn={arn}"]
    made = aws_cli("apigatewayv2", "create-domain-name", "--domain-name", "api.example.com", *shown)

    assert made["DomainNameConfigurations"][0]["CertificateArn"] == arn
    found = aws_cli("acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]
    assert (found["DomainName"], found["InUseBy"]) == ("api.example.com", [made["DomainNameArn"]])
