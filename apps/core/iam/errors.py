"""What is wrong with a policy document."""

from __future__ import annotations


class IllFormedPolicy(ValueError):
    """A document that is no policy; the message says where and why, without repeating long values."""
