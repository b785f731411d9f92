"""Routing rules of custom domain names: headers and base paths decide, by priority, before any mapping."""

from __future__ import annotations

import pytest

from apps.core.documents import DomainDocument, HeaderCondition, RoutingRule
from gateway_runtime.snapshot.domains import Rule
from tests.gateway_runtime.plane.builders import API, domain, get, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

HOST = "api.example.com"
NAMES = {API: "one", "twoapi0000": "two", "threeapi00": "three"}
ONE, TWO, THREE = NAMES


def serve(gateway: GatewayHarness, name: DomainDocument) -> None:
    """Three APIs that say their names at `/` and at every path, and a custom domain name."""
    for number, (api, text) in enumerate(NAMES.items()):
        said = mock(200, f"{text} $context.resourcePath")
        gateway.serve(
            rest_api(get("/", said), get("/{proxy+}", said), stage("prod"), api_id=api, deployment_id=f"dep00{number}")
        )
    gateway.serve(name)


def rule(
    priority: int, api: str, *headers: tuple[str, str], paths: tuple[str, ...] = (), strip: bool = False
) -> RoutingRule:
    conditions = tuple(HeaderCondition(header=name, value_glob=glob) for name, glob in headers)
    return RoutingRule(
        priority=priority, api_id=api, stage_name="prod", headers=conditions, base_paths=paths, strip_base_path=strip
    )


def ruled(*rules: RoutingRule, mode: str = "ROUTING_RULE_ONLY") -> DomainDocument:
    return domain(HOST, ("", THREE, "prod"), rules=rules, routing_mode=mode)


async def said(gateway: GatewayHarness, path: str = "/", **headers: str) -> str:
    answer = await gateway.get(
        path, host=HOST, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    return answer.body.decode().partition(" ")[0] if answer.status == 200 else str(answer.status)


async def test_the_first_rule_whose_conditions_are_met_decides(gateway: GatewayHarness) -> None:
    serve(
        gateway,
        ruled(rule(100, THREE), rule(10, ONE, ("x-hello", "world")), rule(50, TWO, ("x-hello", "*"), ("x-v", "2"))),
    )

    found = [
        await said(gateway, X_Hello="world"),
        await said(gateway, x_hello="world", x_v="2"),
        await said(gateway, x_hello="moon", x_v="2"),
        await said(gateway, x_hello="moon"),
        await said(gateway),
    ]

    assert found == ["one", "one", "two", "three", "three"]


async def test_one_path_leads_to_different_apis_as_the_headers_are(gateway: GatewayHarness) -> None:
    serve(gateway, ruled(rule(1, ONE, ("x-v", "1")), rule(2, TWO)))

    found = [await said(gateway, "/pets", **headers) for headers in ({"x_v": "1"}, {}, {"x_v": "1"}, {"x_v": "2"})]

    assert found == ["one", "two", "one", "two"]


async def test_without_a_rule_that_is_met_mappings_count_only_where_the_mode_says_so(gateway: GatewayHarness) -> None:
    rules = (rule(1, ONE, paths=("pets",)),)
    serve(gateway, ruled(*rules))
    only = [await said(gateway, path) for path in ("/pets/7", "/cats")]

    serve(gateway, ruled(*rules, mode="ROUTING_RULE_THEN_BASE_PATH_MAPPING"))
    then = [await said(gateway, path) for path in ("/pets/7", "/cats")]

    serve(gateway, ruled(*rules, mode="BASE_PATH_MAPPING_ONLY"))
    never = [await said(gateway, path) for path in ("/pets/7", "/cats")]

    assert (only, then, never) == (["one", "403"], ["one", "three"], ["three", "three"])


async def test_the_base_path_is_stripped_only_where_the_rule_says_so(gateway: GatewayHarness) -> None:
    serve(gateway, ruled(rule(1, ONE, paths=("a/b",), strip=True), rule(2, TWO, paths=("c",))))

    answers = [(await gateway.get(path, host=HOST)).body.decode() for path in ("/a/b", "/a/b/d", "/c")]

    assert answers == ["one /", "one /{proxy+}", "two /{proxy+}"]


@pytest.mark.parametrize(
    ("path", "met"),
    [("a/b", True), ("a/b/c", True), ("a/B", False), ("a", False), ("a/bc", False), ("b/a/b", False), ("", False)],
)
def test_a_base_path_is_whole_segments_with_their_case(path: str, met: bool) -> None:
    segments = tuple(path.split("/"))

    assert (Rule(rule(1, ONE, paths=("a/b",))).way(segments, segments, []) is not None) is met


@pytest.mark.parametrize(
    ("glob", "fits", "fails"),
    [
        ("beta", ["beta"], ["Beta", "beta2", "", "abeta"]),
        ("beta*", ["beta", "beta2"], ["abeta", "bet"]),
        ("*beta", ["beta", "abeta"], ["beta2"]),
        ("*beta*", ["beta", "abeta2"], ["bet"]),
    ],
)
def test_a_glob_is_a_value_or_its_beginning_end_or_middle(glob: str, fits: list[str], fails: list[str]) -> None:
    asked = Rule(rule(1, ONE, ("x-v", glob)))

    def met(value: str) -> bool:
        return asked.way((), (), [(b"other", b"beta"), (b"x-v", value.encode())]) is not None

    assert ([met(value) for value in fits], [met(value) for value in fails]) == (
        [True] * len(fits),
        [False] * len(fails),
    )
    assert asked.way((), (), [(b"other", b"beta")]) is None
