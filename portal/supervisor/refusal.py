"""Why Gatehouse does not start."""

from __future__ import annotations


class Refusal(Exception):
    """The installation cannot start; the message is one line that tells the operator what to change."""
