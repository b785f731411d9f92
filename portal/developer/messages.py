"""What a WebSocket API understands, as its page shows it: one kind of message for each route."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from apps.portals.v2_references import MESSAGES
from portal.developer.reference import Needs, needs_of
from portal.developer.samples import Sample
from portal.developer.schemas import Property, example_text, listed, mapping, properties, text

_IN_BODY = re.compile(r"\$request\.body\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Message:
    """Messages that one route takes: `example` is one to send. `answers` tells whether the API replies to it."""

    key: str
    title: str
    example: str
    answers: bool
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """All that can be said on a connection. What it `needs` is about opening it."""

    title: str
    description: str
    needs: Needs
    selection: str
    messages: tuple[Message, ...] = ()

    @property
    def key_required(self) -> bool:
        return self.needs.key


def read_conversation(document: dict[str, Any]) -> Conversation:
    """The conversation of a reference that `apps.portals.v2_references` wrote; what is missing is left out."""
    info, told = mapping(document.get("info")), mapping(document.get(MESSAGES))
    selection = text(told.get("selection"))
    return Conversation(
        text(info.get("title")),
        text(info.get("description")),
        needs_of(document, {"security": listed(told.get("connect"))}),
        selection,
        tuple(_message(mapping(route), selection) for route in listed(told.get("routes"))),
    )


def count_messages(document: Any) -> int:
    """How many kinds of messages a reference has."""
    return len(listed(mapping(mapping(document).get(MESSAGES)).get("routes")))


def _message(route: dict[str, Any], selection: str) -> Message:
    key, schema = text(route.get("key")), mapping(route.get("schema"))
    return Message(
        key=key,
        title=text(route.get("title")) or key,
        example=_example(key, schema, selection),
        answers=bool(route.get("answers")),
        properties=properties({}, schema),
    )


def _example(key: str, schema: dict[str, Any], selection: str) -> str:
    """A message that the route selection expression leads to the route."""
    written = example_text({}, {}, schema) if schema else ""
    chosen = _IN_BODY.fullmatch(selection)
    if key == "$default" or chosen is None:
        return written or "hello"
    body = json.loads(written) if written.startswith("{") else {}
    return json.dumps({chosen[1]: key, **{name: value for name, value in body.items() if name != chosen[1]}}, indent=2)


def socket_samples(url: str, key: str, message: str) -> list[Sample]:
    """A connection and one message in several languages. `key` is "" where none is needed."""
    one_line = " ".join(message.split())
    spoken, header = json.dumps(one_line, ensure_ascii=False), f' -H "x-api-key: {key}"' if key else ""
    headers = f', additional_headers={{"x-api-key": "{key}"}}' if key else ""
    options = f', {{ headers: {{ "x-api-key": "{key}" }} }}' if key else ""
    return [
        Sample("wscat", f"wscat -c {url}{header} \\\n  -x '{one_line}'"),
        Sample(
            "Python",
            "from websockets.sync.client import connect\n\n"
            f'with connect("{url}"{headers}) as socket:\n    socket.send({spoken})\n    print(socket.recv())',
        ),
        Sample(
            "JavaScript",
            f'import WebSocket from "ws";\n\nconst socket = new WebSocket("{url}"{options});\n'
            f'socket.on("open", () => socket.send({spoken}));\n'
            'socket.on("message", (data) => console.log(data.toString()));',
        ),
    ]
