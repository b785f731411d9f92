"""Mapping templates at work: what back ends are sent and what callers are answered."""

from __future__ import annotations

import base64
import json

import pytest

from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import API, any_method, get, http, mock, post, response, rest_api, stage
from tests.gateway_runtime.plane.harness import Answer, GatewayHarness

JSON = "application/json"


async def written(
    gateway: GatewayHarness,
    template: str,
    path: str = "/pets/7?colour=red&colour=blue",
    body: bytes = b"",
    **headers: str,
) -> str:
    """What a mock's response template writes."""
    integration = mock(responses=(response(200, template),))
    gateway.serve(rest_api(any_method("/pets/{petId}", integration), stage("prod", variables={"tier": "gold"})))
    answer = await gateway.call("POST" if body else "GET", f"/prod{path}", body, **headers)
    assert answer.status == 200, answer.body
    return answer.body.decode()


async def sent(gateway: GatewayHarness, backend: Backend, template: str, body: bytes, **headers: str) -> str:
    """What an HTTP back end is sent for a body."""
    gateway.serve(rest_api(post("/pets", http(backend.url, request_templates={JSON: template}))))
    answer = await gateway.post("/prod/pets", body, **headers)
    assert answer.status == 200, answer.body
    return backend.last.body.decode()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$input.params('petId') $input.params('colour') $input.params('x-kind') [$input.params('nope')]", "7 blue cat []"),
        ("$input.params().path.petId $input.params().querystring.get('colour')", "7 blue"),
        ("$input.params().header.get('X-Kind') $input.params().header.X-KIND $input.params('X-Kind')", "cat cat cat"),
        ("#if($input.params('nope') == '')none#end", "none"),
        ("#foreach($place in $input.params().keySet())$place #end", "path querystring header "),
        ("$stageVariables.tier ${stageVariables.tier} $stageVariables['tier'] [$stageVariables.nope]", "gold gold gold []"),
        ("$context.httpMethod $context.stage $context.apiId $context.resourcePath", f"GET prod {API} /pets/{{petId}}"),
        ("$context.identity.sourceIp $context.identity.get('userAgent') [$context.identity.user][$context.nope]", "192.0.2.7 ua [][]"),
        ("$input.body", "{}"),
        ("$input.json('$')", "{}"),
    ],
)  # fmt: skip
async def test_a_response_template_of_a_mock_sees_the_request(
    gateway: GatewayHarness, template: str, text: str
) -> None:
    assert await written(gateway, template, x_kind="cat", user_agent="ua") == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$input.body", '{"foo": "bar", "list": [1, {"a": "b/c"}], "n": 1.0, "none": null}'),
        ("$input.json('$')", '{"foo":"bar","list":[1,{"a":"b/c"}],"n":1.0,"none":null}'),
        ("$input.json('$.list[1]') $input.json('$.foo') $input.json('$.none')", '{"a":"b/c"} "bar" null'),
        ("$input.json('$.missing')", '""'),
        ("$input.path('$.foo') $input.path('$').foo $input.path('$.list[*].a')", 'bar bar ["b\\/c"]'),
        ("[$input.path('$.missing')]#if($input.path('$.missing') == '')none#end", "[]none"),
        ("$input.path('$')", '{foo=bar, list=[1,{"a":"b\\/c"}], n=1.0, none=null}'),
        ("#foreach($x in $input.path('$.list'))$x#if($foreach.hasNext);#end#end", "1;{a=b/c}"),
        ("#set($root = $input.path('$'))#set($root.extra = 1)$input.json('$.extra')", "1"),
        ("$input.path('$.list').size() $input.path('$.list.length()') $input.path('$..a')[0]", "2 2 b/c"),
    ],
)  # fmt: skip
async def test_a_request_template_sees_the_body(
    gateway: GatewayHarness, backend: Backend, template: str, text: str
) -> None:
    body = b'{"foo": "bar", "list": [1, {"a": "b/c"}], "n": 1.0, "none": null}'

    assert await sent(gateway, backend, template, body) == text


@pytest.mark.parametrize(("body", "text"), [(b"", "{} {} []"), (b"no json", 'no json "no json" [no json]')])
async def test_a_body_that_is_no_json(gateway: GatewayHarness, backend: Backend, body: bytes, text: str) -> None:
    template = "$input.body $input.json('$') [#if($input.body != '{}')$input.path('$')#end]"

    assert await sent(gateway, backend, template, body) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$util.escapeJavaScript($input.path('$.t'))", r"it\'s \"q\" a\/b \u00E9\uD83D\uDE00\n"),
        ("$util.escapeJavaScript($input.path('$.t')).replaceAll(\"\\\\'\", \"'\")", r"it's \"q\" a\/b \u00E9\uD83D\uDE00\n"),
        ("$util.urlEncode('a b&c/~*é')", "a+b%26c%2F%7E*%C3%A9"),
        ("$util.urlDecode('a+b%26c')", "a b&c"),
        ("$util.base64Encode('hello é')", base64.b64encode("hello é".encode()).decode()),
        ("$util.base64Decode('aGVsbG8=')", "hello"),
        ("#set($o = $util.parseJson($input.path('$.s')))$o.a[1] $o", "2 {a=[1,2]}"),
        ("[$util.escapeJavaScript($input.path('$').nope)] [$util.nope('x')]", "[] []"),
    ],
)  # fmt: skip
async def test_functions_of_util(gateway: GatewayHarness, backend: Backend, template: str, text: str) -> None:
    body = json.dumps({"t": 'it\'s "q" a/b é😀\n', "s": '{"a": [1, 2]}'}).encode()

    assert await sent(gateway, backend, template, body) == text


async def test_whole_numbers_of_any_length_stay_exact(gateway: GatewayHarness, backend: Backend) -> None:
    body = b'{"n": 123456789012345678901234567890, "m": -9223372036854775809}'
    template = "#set($x = $input.path('$.n') + 1)$input.json('$.n') $input.path('$.m') $x"

    assert await sent(gateway, backend, template, body) == (
        "123456789012345678901234567890 -9223372036854775809 123456789012345678901234567891"
    )


async def test_a_response_template_sees_the_back_end_s_body(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, {"pets": [{"name": "Rex"}, {"name": "Tom"}]})
    template = '{"names": [#foreach($pet in $input.path("$.pets"))"$pet.name"#if($foreach.hasNext),#end#end], "id": "$input.params("id")"}'
    gateway.serve(rest_api(get("/pets", http(backend.url, "GET", response(200, template)))))

    answer = await gateway.get("/prod/pets?id=9")

    assert answer.json() == {"names": ["Rex", "Tom"], "id": "9"}
    assert answer.header("content-type") == JSON


async def test_the_template_s_content_type_decides_among_several(gateway: GatewayHarness, backend: Backend) -> None:
    templates = {JSON: "json $input.path('$.a')", "text/xml": "<x>$input.body</x>"}
    gateway.serve(rest_api(post("/pets", http(backend.url, request_templates=templates))))

    bodies = []
    for kind in ("application/json; charset=utf-8", "text/xml", "text/plain"):
        await gateway.post("/prod/pets", b'{"a": 1}', content_type=kind)
        bodies.append(backend.last.body)

    assert bodies == [b"json 1", b'<x>{"a": 1}</x>', b'{"a": 1}']


async def test_a_request_template_overrides_headers_query_and_path(gateway: GatewayHarness, backend: Backend) -> None:
    template = """#set($context.requestOverride.header.x-kind = "dog")
#set($context.requestOverride.header.Accept = "text/plain")
#set($context.requestOverride.header.multi = ["a", "b"])
#set($context.requestOverride.header.content-length = "1")
#set($context.requestOverride.querystring.colour = "dark blue")
#set($context.requestOverride.querystring.size = 3)
#set($context.requestOverride.path.item = "a/b")
{"body": $input.json("$.a")}"""
    mapping = {
        "integration.request.path.item": "method.request.path.petId",
        "integration.request.querystring.colour": "method.request.querystring.colour",
        "integration.request.header.X-Kind": "method.request.header.x-kind",
    }
    uri = f"{backend.url}/items/{{item}}/{{other}}"
    integration = http(uri, request_templates={JSON: template, "text/plain": None}, request_parameters=mapping)
    gateway.serve(rest_api(post("/pets/{petId}", integration)))

    await gateway.post("/prod/pets/7?colour=red", b'{"a": 1}', x_kind="cat")
    overridden = backend.last
    await gateway.post("/prod/pets/7?colour=red", b"{}", x_kind="cat", content_type="text/plain")

    assert overridden.target == "/items/a%2Fb/%7Bother%7D?colour=dark%20blue&size=3"
    assert overridden.header("x-kind") == "dog"
    assert [value for name, value in overridden.headers if name in ("accept", "multi")] == ["text/plain", "a", "b"]
    assert overridden.body == b'{"body": 1}'
    assert (backend.last.target, backend.last.header("x-kind")) == ("/items/7/%7Bother%7D?colour=red", "cat")


async def test_a_response_template_overrides_status_and_headers(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, {"error": "gone"})
    template = """#if($input.path('$.error') == 'gone')
#set($context.responseOverride.status = 410)
#set($context.responseOverride.header.X-Reason = "$input.path('$.error')")
#set($context.responseOverride.header.Content-Type = "text/plain")
#end
$input.json('$.error')"""
    mapped = response(200, template, X_Reason="'none'")
    gateway.serve(rest_api(get("/pets", http(backend.url, "GET", mapped))))

    answer = await gateway.get("/prod/pets")

    assert (answer.status, answer.body) == (410, b'"gone"')
    assert [value for name, value in answer.headers if name in ("x-reason", "content-type")] == ["gone", "text/plain"]


@pytest.mark.parametrize("status", ["99", "'abc'", "1000", "[]"])
async def test_a_status_that_cannot_be_answered_is_an_error(gateway: GatewayHarness, status: str) -> None:
    gateway.serve(rest_api(get("/pets", mock(200, f"#set($context.responseOverride.status = {status})"))))

    assert_internal_error(await gateway.get("/prod/pets"))


@pytest.mark.parametrize(
    "place",
    [
        "requestOverride.header.x",
        "requestOverride.path.item",
        "requestOverride.querystring.x",
        "responseOverride.header.x",
    ],
)
async def test_an_override_that_cannot_be_written_is_an_error(
    gateway: GatewayHarness, backend: Backend, place: str
) -> None:
    template = f"#set($a = {{}})#set($a.a = $a)#set($context.{place} = $a)"
    gateway.serve(rest_api(get("/pets", http(f"{backend.url}/{{item}}", request_templates={JSON: template}))))

    assert_internal_error(await gateway.get("/prod/pets"))


async def test_a_mock_s_status_comes_from_its_rendered_template(gateway: GatewayHarness) -> None:
    template = '{"statusCode": #if($input.path("$.fail"))500#{else}200#end}'
    responses = (response(201, "fine"), response(502, "broken", pattern="500"))
    gateway.serve(rest_api(post("/pets", mock(request_templates={JSON: template}, responses=responses))))

    failed, fine = [
        await gateway.post("/prod/pets", b'{"fail": true}'),
        await gateway.post("/prod/pets", b'{"fail": false}'),
    ]

    assert [(answer.status, answer.body) for answer in (failed, fine)] == [(502, b"broken"), (201, b"fine")]


def assert_internal_error(answer: Answer) -> None:
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize(
    "template",
    ["#foreach($i in [1..2000])x#end", '$input.path("$.x[")', '$input.body.substring(99)', "$util.parseJson('{')"],
)  # fmt: skip
async def test_a_template_that_fails_is_an_internal_error(
    gateway: GatewayHarness, backend: Backend, template: str
) -> None:
    gateway.serve(
        rest_api(
            get("/request", http(backend.url, request_templates={JSON: template})),
            get("/response", mock(200, template)),
        )
    )

    for path in ("/request", "/response"):
        assert_internal_error(await gateway.get(f"/prod{path}"))
    assert not backend.requests


async def test_a_request_s_changes_stay_its_own(gateway: GatewayHarness) -> None:
    template = "$stageVariables.put('tier', 'x') $context.requestOverride.header.put('a', 'b') $util.put('a', 'b')"

    first = await written(gateway, template + "$stageVariables.tier")
    second = await written(gateway, "$stageVariables.tier $context.requestOverride.header.size()")

    assert (first.split(), second) == (["gold", "x"], "gold 0")


async def test_text_is_converted_before_the_template_and_binary_behind_it(
    gateway: GatewayHarness, backend: Backend
) -> None:
    in_text = http(backend.url, request_templates={"image/png": "$input.body"}, content_handling="CONVERT_TO_TEXT")
    in_binary = http(
        backend.url, request_templates={JSON: "$input.path('$.data')"}, content_handling="CONVERT_TO_BINARY"
    )
    api = rest_api(post("/text", in_text), post("/binary", in_binary))
    gateway.serve(type(api)(api.routes, api.stages, binary_media_types=("image/png",)))

    await gateway.post("/prod/text", b"\x00\xff", content_type="image/png")
    as_text = backend.last.body
    await gateway.post("/prod/binary", b'{"data": "AP8="}')

    assert (as_text, backend.last.body) == (b"AP8=", b"\x00\xff")
