"""What mapping templates cost: compiling, and one run with its variables. Run as `python -m benchmarks.mapping_templates`."""

from __future__ import annotations

import json
from timeit import Timer
from types import SimpleNamespace
from typing import Any, cast

from apps.core.vtl import Template
from gateway_runtime.edge.canonical import parse_head
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.template_run import render

FOUR_REFERENCES = """#set($root = $input.path('$'))
{"id": "$root.id", "name": "$util.escapeJavaScript($root.name)", "stage": "$context.stage", "requestId": "$context.requestId"}"""
ALL_PARAMETERS = """#set($all = $input.params())
{"params": {
#foreach($type in $all.keySet())
  #set($params = $all.get($type))
  "$type": {
  #foreach($name in $params.keySet())
    "$name": "$util.escapeJavaScript($params.get($name))"#if($foreach.hasNext),#end
  #end
  }#if($foreach.hasNext),#end
#end
}, "body": $input.json('$')}"""
LOOP = """{"pets": [#foreach($pet in $input.path('$.pets')){"name": "$pet.name", "price": $pet.price}#if($foreach.hasNext),#end#end]}"""

PET = json.dumps({"id": 7, "name": 'Rex "the dog"', "tags": ["a", "b"]})
PETS = json.dumps({"pets": [{"name": f"pet {number}", "price": number * 1.5} for number in range(20)]})
HEADERS = [
    (b"host", b"api.example"),
    (b"accept", b"application/json"),
    (b"user-agent", b"curl/8"),
    (b"content-type", b"application/json"),
    (b"x-api-key", b"k" * 30),
]


def exchange() -> Exchange:
    """A request that has been located."""
    made = Exchange({}, None, None)
    made.request = parse_head("POST", b"/prod/pets/7?a=1&b=2", HEADERS, "192.0.2.7")
    made.request_id, made.path_values = "r", {"petId": "7"}
    made.stage = cast("Any", SimpleNamespace(document=SimpleNamespace(stage_name="prod", variables={"tier": "gold"})))
    return made


def microseconds(timer: Timer) -> float:
    """The best of five, for one run."""
    runs, _ = timer.autorange()
    return min(timer.repeat(5, runs)) / runs * 1e6


def main() -> None:
    nothing = microseconds(Timer(exchange))
    for name, source, body in (
        ("four references", FOUR_REFERENCES, PET),
        ("all parameters and the body", ALL_PARAMETERS, PET),
        ("a loop of 20 objects", LOOP, PETS),
    ):
        template = Template(source)
        compiling = microseconds(Timer(lambda source=source: Template(source)))
        running = microseconds(Timer(lambda template=template, body=body: render(template, exchange(), body)))
        print(f"{name}: compile {compiling:.0f} µs, run {running - nothing:.1f} µs")


if __name__ == "__main__":
    main()
