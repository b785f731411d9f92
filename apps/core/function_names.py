"""How Lambda functions are named: by name, by partial ARN, by ARN, each with or without a qualifier."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9_-]{1,140})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]{1,128}))?",
    re.ASCII,
)


class FunctionName(NamedTuple):
    """A function of an account in a region. `qualifier` is a version or an alias; empty names the function itself."""

    account_id: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        """The ARN without the qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def parse_function_name(text: str, account_id: str = "", region: str = "") -> FunctionName | None:
    """A function by any of its names, of this account and region where the text names none; None when it is no name."""
    match = _NAME.fullmatch(text)
    if match is None or (match["region"] and not match["account"]):
        return None
    return FunctionName(
        match["account"] or account_id, match["region"] or region, match["name"], match["qualifier"] or ""
    )
