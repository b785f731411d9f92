"""The Ruby SDK: a gem of one file that needs the standard library alone."""

from __future__ import annotations

import re
from pathlib import Path

from apps.control_plane.errors import BadRequestException
from apps.control_plane.sdk.calls import Call, Parameter, distinct
from apps.control_plane.sdk.words import constant, snake, words_of

_CLIENT = Path(__file__).with_name("client.rb")
_GEM = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9A-Za-z]{1,16}){0,5}", re.ASCII)
_RESERVED = words_of(
    "alias and begin BEGIN break case class def defined do else elsif end END ensure false for if in module next nil not "
    "or redo rescue retry return self super then true undef unless until when while yield __FILE__ __LINE__ __ENCODING__ "
    "initialize request segment segments body query headers send object_id instance_eval method class"
)


def files(invoke_url: str, calls: list[Call], given: dict[str, str]) -> dict[str, str]:
    """The files of the gem by their paths; raises BadRequestException for a name or version that makes none."""
    module = constant(given["service.name"])
    if not module:
        raise BadRequestException(f"Invalid service.name specified: {given['service.name']}")
    gem = _checked("ruby.gem-name", given.get("ruby.gem-name") or snake(module), _GEM)
    version = _checked("ruby.gem-version", given["ruby.gem-version"], _VERSION)
    names = distinct([call_name(call) for call in calls])
    methods = "".join(_method(name, call) for name, call in zip(names, calls, strict=True))
    client = (
        _CLIENT.read_text()
        .replace("__MODULE__", module)
        .replace("__INVOKE_URL__", literal(invoke_url))
        .replace("    # __CALLS__\n", methods)
    )
    return {f"{gem}/lib/{gem}.rb": client, f"{gem}/{gem}.gemspec": _gemspec(gem, version)}


def call_name(call: Call) -> str:
    """`get_pets_pet_id` of GET /pets/{petId}."""
    *path, verb = call.words
    return _free(snake("_".join([verb, *path])))


def literal(text: str) -> str:
    """A string literal in which nothing is interpolated."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\#':
        return "\\" + character
    return character if " " <= character <= "~" else f"\\u{{{ord(character):x}}}"


def _free(name: str) -> str:
    return f"{name}_" if name in _RESERVED else name


def _checked(setting: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(value):
        raise BadRequestException(f"Invalid {setting} specified: {value}")
    return value


def _method(name: str, call: Call) -> str:
    """One method. Whatever a person wrote goes in as a literal, never as code."""
    arguments = dict(zip(call.parameters, distinct([_free(snake(item.name)) for item in call.parameters]), strict=True))
    needed = [f"{argument}:" for item, argument in arguments.items() if item.required]
    spared = [f"{argument}: nil" for item, argument in arguments.items() if not item.required]
    signature = ", ".join([*needed, *spared, "body: nil", "query: {}", "headers: {}"])
    return f"""    def {name}({signature})
      request({literal(call.verb)}, {_path(call, arguments)}, {_hash(arguments, "query")}, {_hash(arguments, "header")}, body, query, headers)
    end

"""


def _path(call: Call, arguments: dict[Parameter, str]) -> str:
    """The path as an expression: literal text and encoded parameters in turn."""
    parts, rest = [], call.path
    for item, argument in arguments.items():
        if item.place == "path":
            before, _, rest = rest.partition(f"{{{item.name}{'+' if item.greedy else ''}}}")
            parts += [literal(before), f"{'segments' if item.greedy else 'segment'}({argument})"]
    return " + ".join([*parts, literal(rest)])


def _hash(arguments: dict[Parameter, str], place: str) -> str:
    entries = [f"{literal(item.name)} => {argument}" for item, argument in arguments.items() if item.place == place]
    return "{" + ", ".join(entries) + "}"


def _gemspec(gem: str, version: str) -> str:
    return f"""Gem::Specification.new do |spec|
  spec.name = {literal(gem)}
  spec.version = {literal(version)}
  spec.summary = "A client of one stage of an API"
  spec.authors = ["Gatehouse"]
  spec.files = Dir["lib/**/*.rb"]
  spec.required_ruby_version = ">= 2.7"
end
"""
