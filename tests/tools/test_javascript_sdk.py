"""The AWS SDK for JavaScript v3, as Node.js programs use it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Run, changes

pytestmark = [pytest.mark.tools, pytest.mark.stack]

PROGRAM = """
const gateway = require("@aws-sdk/client-api-gateway");
const { STSClient, GetCallerIdentityCommand, GetSessionTokenCommand } = require("@aws-sdk/client-sts");

async function main() {
  const { Account, Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  const { Credentials } = await new STSClient({}).send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
  const client = new gateway.APIGatewayClient({
    credentials: {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    },
  });
  const api = await client.send(new gateway.CreateRestApiCommand({ name: "pets", tags: { team: "zoo" } }));
  const at = { restApiId: api.id, resourceId: api.rootResourceId, httpMethod: "GET" };
  await client.send(new gateway.PutMethodCommand({ ...at, authorizationType: "NONE" }));
  await client.send(new gateway.PutIntegrationCommand({ ...at, type: "MOCK", requestTemplates: { "application/json": "" } }));
  await client.send(new gateway.CreateDeploymentCommand({ restApiId: api.id, stageName: "prod" }));
  const stages = await client.send(new gateway.GetStagesCommand({ restApiId: api.id }));
  const sdk = await client.send(new gateway.GetSdkCommand({ restApiId: api.id, stageName: "prod", sdkType: "javascript" }));
  const kept = [];
  for (const name of ["b", "c"]) await client.send(new gateway.CreateRestApiCommand({ name }));
  for await (const page of gateway.paginateGetRestApis({ client, pageSize: 2 }, {})) kept.push(page.items.map((item) => item.name));
  let refused;
  try {
    await client.send(new gateway.GetRestApiCommand({ restApiId: "nosuch" }));
  } catch (error) {
    refused = [error.name, error.message, error.$metadata.httpStatusCode, error instanceof gateway.NotFoundException];
  }
  console.log(JSON.stringify({
    Account, Arn, tags: api.tags, created: api.createdDate instanceof Date,
    stages: stages.item.map((stage) => stage.stageName), zip: Buffer.from(sdk.body).subarray(0, 2).toString(), kept, refused,
  }));
}
main().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture
def modules() -> Path:
    """Where the `tools` lane puts the packages of npm; skips the test where they are not."""
    folder = Path(os.environ.get("GATEHOUSE_TEST_TOOLS", "nowhere")).parent / "node_modules"
    if not (folder / "@aws-sdk" / "client-api-gateway").is_dir():
        pytest.skip("the AWS SDK for JavaScript is not installed")
    return folder


def test_a_program_learns_who_it_is_and_defines_deploys_lists_and_is_refused(
    run: Run, modules: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program.js"
    program.write_text(PROGRAM)
    (tmp_path / "node_modules").symlink_to(modules)

    told: dict[str, Any] = json.loads(run(str(shutil.which("node")), "program.js").stdout)

    assert (told["Account"], told["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:root")
    assert (told["tags"], told["created"], told["stages"], told["zip"]) == ({"team": "zoo"}, True, ["prod"], "PK")
    assert told["kept"] == [["pets", "b"], ["c"]]
    message = "Invalid API identifier specified 123456789012:nosuch"
    assert told["refused"] == ["NotFoundException", message, 404, True]
    assert changes()[:4] == ["CreateRestApi", "PutMethod", "PutIntegration", "CreateDeployment"]
