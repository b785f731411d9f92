"""Networks and websites that API keys are limited to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.key_origins import BadOrigin, KeyOrigins, read_network, read_website

HERE = "192.0.2.7"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("https://Shop.Example.com", "https://shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        (" https://*.example.com ", "https://*.example.com"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_website_is_kept_in_one_spelling(given_: str, kept: str) -> None:
    assert read_website(given_) == kept


@pytest.mark.parametrize(
    "text",
    ["", "*", "https://*", "shop.example.com", "https://a.*.com", "https://x/path", "ftp://x", "https://x y", "https://*.*.com",
     "https://user@x", "https://x:", "https://x:123456", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_website_is_refused(text: str) -> None:
    with pytest.raises(BadOrigin):
        read_website(text)


@pytest.mark.parametrize("text", ["", "everywhere", "192.0.2.0/33", "192.0.2.7/24", "192.0.2"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(BadOrigin):
        read_network(text)


@pytest.mark.parametrize(
    ("client_ip", "admitted"),
    [("192.0.2.7", True), ("192.0.3.7", False), ("::ffff:192.0.2.7", True), ("2001:db8::1", True), ("", False)],
)
def test_callers_are_of_one_of_the_networks(client_ip: str, admitted: bool) -> None:
    assert (not KeyOrigins(["192.0.2.0/24", "2001:db8::/32"], []).refuses(client_ip, None, None)) is admitted


@pytest.mark.parametrize(
    ("origin", "referer", "admitted"),
    [
        ("https://shop.example.com", None, True),
        ("https://SHOP.example.com:443", None, True),
        ("http://shop.example.com", None, False),
        ("https://shop.example.com:8443", None, False),
        ("https://a.b.example.net", None, True),
        ("https://example.net", None, False),
        ("https://evilexample.net", None, False),
        ("https://*.example.net", None, False),
        ("null", "https://shop.example.com/", False),
        (None, "https://shop.example.com/cart?x=1", True),
        (None, "https://shop.example.com.evil.com/", False),
        (None, "https://evil.com/https://shop.example.com/", False),
        (None, "https://shop.example.com@evil.com/", False),
        (None, None, False),
    ],
)
def test_pages_are_of_one_of_the_websites(origin: str | None, referer: str | None, admitted: bool) -> None:
    origins = KeyOrigins([], ["https://shop.example.com", "https://*.example.net"])

    assert (not origins.refuses(HERE, origin, referer)) is admitted


def test_of_both_kinds_one_has_to_fit() -> None:
    origins = KeyOrigins(["192.0.2.0/24"], ["https://shop.example.com"])

    assert not origins.refuses(HERE, "https://shop.example.com", None)
    assert origins.refuses(HERE, "https://evil.com", None)
    assert origins.refuses("198.51.100.9", "https://shop.example.com", None)


@given(st.text(), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_nothing_that_callers_send_opens_or_breaks_it(client_ip: str, origin: str | None, referer: str | None) -> None:
    refused = KeyOrigins([], ["https://only.example.com"]).refuses(client_ip, origin, referer)

    assert refused or "only.example.com" in f"{origin}{referer}".lower()


@given(st.text())
def test_whatever_is_kept_is_read_again_as_itself(text: str) -> None:
    try:
        kept = read_website(text)
    except BadOrigin:
        return

    assert read_website(kept) == kept
