"""Which mappings are plain enough to be served as they are: what both planes call VTL, and what they call a simple JSONPath."""

from __future__ import annotations

import re

# A reference ($x, ${x}, $!x), a directive that Velocity runs, or a comment. A lone `$` or `#`, as in "$5" or "#1", is text, and so
# is a directive that Velocity does not know.
_VTL = re.compile(
    r"\$!?\{?[A-Za-z_]"
    r"|#\{?(?:set|if|elseif|else|end|foreach|include|parse|stop|break|define|macro|evaluate)\b"
    r"|##|#\*|#\[\["
)

# One step of a JSONPath: `.name`, `[0]`, `['name']` or `["name"]`.
PATH_STEP = re.compile(r"\.([A-Za-z0-9_\-]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


def holds_vtl(template: str) -> bool:
    """Whether a mapping template must be evaluated; otherwise its text is what it stands for."""
    return _VTL.search(template) is not None


def is_plain_path(expression: str) -> bool:
    """Whether a JSONPath has steps by name and index only, with or without the leading `$`; empty is the whole body."""
    text = expression[1:] if expression.startswith("$") or not expression else f".{expression}"
    at = 0
    while at < len(text):
        step = PATH_STEP.match(text, at)
        if step is None:
            return False
        at = step.end()
    return True
