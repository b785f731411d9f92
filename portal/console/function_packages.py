"""Deployment packages of functions that are edited here: sources in, an archive out, and back."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

MOST_EDITED = 256 * 1024
"""Bytes of a source that the editor shows."""
_SUFFIXES = {"python": (".py",), "nodejs": (".mjs", ".js", ".cjs")}
_OLDEST = (1980, 1, 1, 0, 0, 0)  # a time for every file: equal sources are equal packages

STARTERS = {
    "python": 'def handler(event, context):\n    name = (event.get("queryStringParameters") or {}).get("name", "you")\n'
    '    return {"statusCode": 200, "body": f"Hello, {name}"}\n',
    "nodejs": 'export const handler = async (event) => {\n  const name = event.queryStringParameters?.name ?? "you";\n'
    '  return { statusCode: 200, body: `Hello, ${name}` };\n};\n',
}  # fmt: skip
"""A function to begin with, for a method with a Lambda proxy."""


@dataclass(frozen=True)
class Source:
    """The file that holds a function's handler. `editable` is false for what is no text, or too long."""

    name: str
    text: str
    editable: bool
    files: list[str]


def language(runtime: str) -> str:
    """`python`, `nodejs`, or empty for packages that bring their own runtime."""
    return next((name for name in _SUFFIXES if runtime.startswith(name)), "")


def packed(name: str, text: str) -> bytes:
    """A package of one file."""
    return _archive([(zipfile.ZipInfo(name, _OLDEST), text.encode())])


def replaced(package: bytes, name: str, text: str) -> bytes:
    """The package with another text in one of its files; everything else stays as it is."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        kept = [(info, archive.read(info)) for info in archive.infolist() if info.filename != name]
        found = next((info for info in archive.infolist() if info.filename == name), zipfile.ZipInfo(name, _OLDEST))
    return _archive([*kept, (found, text.encode())])


def source_of(package: bytes, runtime: str, handler: str) -> Source:
    """The file in which a runtime looks for a handler."""
    suffixes = _SUFFIXES.get(language(runtime), ())
    module = (
        handler.rpartition(".")[0].replace(".", "/") if language(runtime) == "python" else handler.rpartition(".")[0]
    )
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = sorted(info.filename for info in archive.infolist() if not info.is_dir())
        name = next((f"{module}{suffix}" for suffix in suffixes if f"{module}{suffix}" in files), "")
        if not name or archive.getinfo(name).file_size > MOST_EDITED:
            return Source(name, "", False, files)
        try:
            return Source(name, archive.read(name).decode(), True, files)
        except UnicodeDecodeError:
            return Source(name, "", False, files)


def _archive(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, body in entries:
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = info.external_attr or 0o644 << 16
            archive.writestr(info, body)
    return made.getvalue()
