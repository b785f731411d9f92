"""The mail server that an operator names."""

from __future__ import annotations

import pytest

from apps.core.environment import BadEnvironment, read_environment


@pytest.mark.parametrize(
    "url", ["smtp://mail.example", "smtp+tls://user:p%40ss@mail.example:587", "smtp+ssl://user:pass@mail.example:465/"]
)
def test_a_mail_server_is_named_by_a_url(url: str) -> None:
    environment = read_environment({"GATEHOUSE_MAIL_URL": url, "GATEHOUSE_MAIL_FROM": "portal@example.com"})

    assert (environment.mail_url, environment.mail_from) == (url, "portal@example.com")


@pytest.mark.parametrize(
    "url",
    ["https://me:hush@mail.example", "mail.example:587", "smtp://", "smtp://me:hush@host:port", "smtp://me:hush@a b"],
)
def test_what_is_no_mail_server_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(BadEnvironment) as refusal:
        read_environment({"GATEHOUSE_MAIL_URL": url})

    assert "GATEHOUSE_MAIL_URL must look like" in str(refusal.value)
    assert "hush" not in str(refusal.value)


def test_without_a_mail_server_there_is_a_sender_all_the_same() -> None:
    environment = read_environment({})

    assert (environment.mail_url, environment.mail_from) == (None, "gatehouse@localhost")
