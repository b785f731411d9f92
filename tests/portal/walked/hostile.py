"""What nobody should type, for each kind of field."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.portal.walked.reading_forms import TYPED, Field, Form, Pair

MARK = "\"'><script>alert(1)</script>"
LONG = "x" * 10_000
TEXTS = (
    "", "   ", LONG, MARK, "'\"`;-- \\", "🐈‍⬛🏳️‍🌈", "\u202eשלום\u200f", "a\r\nX-Evil: 1", "../../etc/passwd", "%00%0a", "{\"broken\": [",
    "a: [b\n- c: }", "#if($x #foreach(", "${stageVariables.", "[" * 5000, "javascript:alert(1)", "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/", "http://[::1", "arn:aws:lambda:us-east-1:123456789012:function:", "-1", "NaN",
    "\u2028", "a = \n= b\n===", "{}", "null",
)  # fmt: skip
NUMBERS = (
    "", "-1", "0", "99999999999999999999", "1.5", "1e400", "1e308", "NaN", "Infinity", "not a number", "1_000", "٣", " 7 ", "0x10", "2147483648", "1" * 5000,
    MARK,
)  # fmt: skip
DATES = (
    "",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "yesterday",
    "-1",
    LONG,
    MARK,
    "2026-01-01T00:00:00+99:99",
    "1970-01-01",
)
CHOICES = ("nonsense", "", LONG, MARK, "-1", "99999999999999999999", "null")
HIDDEN = ("unknown000", "", "99999999999999999999", "-1", MARK, LONG, "../..", '{"a":')
FILES = (
    ("nothing.bin", b""),
    ("wrong.zip", b"PK\x03\x04 this is no archive"),
    ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
    ("text.txt", b"\xff\xfe\x00\xd8 no \x00 text"),
    ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    ("../../x.yaml", b"openapi: [3.0.1"),
    ("keys.csv", b'name,key\n"broken'),
)


def values_for(field: Field) -> tuple[str, ...]:
    if field.type in ("number", "range"):
        return NUMBERS
    if field.type.startswith("date"):
        return DATES
    if field.type in TYPED:
        return TEXTS
    if field.type == "hidden":
        return HIDDEN
    return CHOICES


def with_value(form: Form, field: Field, *values: str) -> list[Pair]:
    """What the form sends when that field holds these values."""
    kept = [pair for pair in form.pairs() if pair[0] != field.name]
    return kept + [(field.name, value) for value in values]


def files() -> Iterator[SimpleUploadedFile]:
    for name, content in FILES:
        yield SimpleUploadedFile(name, content)
