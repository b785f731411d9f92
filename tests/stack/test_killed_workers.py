"""What was counted stays exact when the processes that count are killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
import requests

from portal.supervisor.leftovers import supervised_processes
from tests.installation import Installation, wait_for
from tests.stack.backend import CountingBackend
from tests.stack.test_main_job import backend, petstore  # noqa: F401 - the fixture

pytestmark = pytest.mark.stack

CALLERS, CALLS = 3, 250


def running(product: Installation, word: str) -> list[int]:
    """Processes of the installation whose command says `word`, oldest first."""
    return sorted(pid for pid in supervised_processes(product.data) if word in Path(f"/proc/{pid}/cmdline").read_text())


def test_usage_agrees_with_the_back_end_after_workers_of_both_planes_were_killed(
    product: Installation,
    backend: CountingBackend,  # noqa: F811
):
    client = boto3.client("apigateway", **product.boto3_arguments())
    api = client.import_rest_api(body=json.dumps(petstore(backend.port)).encode())["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    key = client.create_api_key(name="busy", enabled=True)
    plan = client.create_usage_plan(
        name="busy", apiStages=[{"apiId": api, "stage": "prod"}], quota={"limit": 1_000_000, "period": "MONTH"}
    )["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets"
    with_key = {"x-api-key": key["value"]}
    product.eventually(lambda: requests.get(url, headers=with_key, timeout=5).status_code, lambda status: status == 200)
    answered = threading.Semaphore(0)

    def call() -> None:
        session = requests.Session()
        for _ in range(CALLS):
            try:
                session.get(url, headers=with_key, timeout=5)
            except requests.RequestException:
                session = requests.Session()
            answered.release()

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for word, first in (("gateway_runtime.worker", 0), ("celery", -1), ("gateway_runtime.worker", -1)):
        for _ in range(CALLERS * CALLS // 5):
            answered.acquire()
        os.kill(running(product, word)[first], signal.SIGKILL)
    for caller in callers:
        caller.join()

    today = datetime.now(UTC).date().isoformat()
    served = backend.seen["GET /pets"]

    def used() -> int:
        items = client.get_usage(usagePlanId=plan, startDate=today, endDate=today)["items"]
        return items.get(key["id"], [[0, 0]])[0][0]

    # A request under way at a kill may have been counted without reaching the back end; none may be lost or doubled.
    wait_for(lambda: served <= used() <= served + CALLERS, 20)
    assert served > CALLERS * CALLS * 0.9
