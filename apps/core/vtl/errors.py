"""What can be wrong with a template."""

from __future__ import annotations


class VtlError(ValueError):
    """A template that cannot be compiled, or that failed while it ran. The message is for whoever wrote the template."""


class VtlSyntaxError(VtlError):
    """The template does not parse. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"{message} (line {line}, column {column})")
        self.line = line
        self.column = column


class VtlLimitExceeded(VtlError):
    """The template would take more time or room than templates may."""
