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
class PackedFile:
    """A file of a package; `size` is in bytes, unpacked."""

    name: str
    size: int


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


def without(package: bytes, name: str) -> bytes:
    """The package without one of its files."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return _archive([(info, archive.read(info)) for info in archive.infolist() if info.filename != name])


def files_of(package: bytes) -> list[PackedFile]:
    """The files of a package by path."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        found = [PackedFile(info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()]
    return sorted(found, key=lambda file: file.name)


def text_of(package: bytes, name: str) -> str | None:
    """A file as text; None when it is none, or too long for the editor. Raises KeyError for one that is not there."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        if archive.getinfo(name).file_size > MOST_EDITED:
            return None
        try:
            return archive.read(name).decode()
        except UnicodeDecodeError:
            return None


def is_inside(name: str) -> bool:
    """Whether a path stays within a package and names a file of it."""
    parts = name.split("/")
    return all(part.strip() and part not in (".", "..") for part in parts) and not set(name) & set("\\\0\n\r:")


def source_of(package: bytes, runtime: str, handler: str) -> Source:
    """The file in which a runtime looks for a handler."""
    suffixes = _SUFFIXES.get(language(runtime), ())
    module = (
        handler.rpartition(".")[0].replace(".", "/") if language(runtime) == "python" else handler.rpartition(".")[0]
    )
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = sorted(info.filename for info in archive.infolist() if not info.is_dir())
        name = next((f"{module}{suffix}" for suffix in suffixes if f"{module}{suffix}" in files), "")
    text = text_of(package, name) if name else None
    return Source(name, text or "", text is not None, files)


def _archive(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, body in entries:
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = info.external_attr or 0o644 << 16
            archive.writestr(info, body)
    return made.getvalue()
