"""Which mapping templates must run, and which are what they say: both planes ask here."""

from __future__ import annotations

import re

# A reference ($x, ${x}, $!x), a directive that Velocity runs, or a comment. A lone `$` or `#`, as in "$5" or "#1", is text, and so
# is a directive that Velocity does not know.
_VTL = re.compile(
    r"\$!?\{?[A-Za-z_]"
    r"|#\{?(?:set|if|elseif|else|end|foreach|include|parse|stop|break|define|macro|evaluate)\b"
    r"|##|#\*|#\[\["
)


def holds_vtl(template: str) -> bool:
    """Whether a mapping template must be evaluated; otherwise its text is what it stands for."""
    return _VTL.search(template) is not None
