"""What can be wrong with a template."""

from __future__ import annotations


class VtlError(ValueError):
    """A template that cannot be compiled, or that failed while it ran. The message is for whoever wrote the template."""


class VtlSyntaxError(VtlError):
    """The template does not parse. Its text tells line and column, which count from 1 and are looked for when somebody asks."""

    def __init__(self, message: str, source: str = "", position: int = 0) -> None:
        super().__init__(message)
        self._source = source
        self._position = position

    def __str__(self) -> str:
        line = self._source.count("\n", 0, self._position) + 1
        column = self._position - self._source.rfind("\n", 0, self._position)
        return f"{self.args[0]} (line {line}, column {column})"


class VtlLimitExceeded(VtlError):
    """The template would take more time or room than templates may."""
