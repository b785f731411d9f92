"""E-mail and sign-up rules of the developer portal."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """How Gatehouse signs people up."""
