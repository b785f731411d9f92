"""The looks of an account's portal, its pages, and the audiences that it shows things to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Account
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, ConflictException, NotFoundException
from apps.control_plane.gatehouse.portal_brand import MOST_LOGO_BYTES, picture_type
from apps.core.contrast import ENOUGH
from apps.portals.palette import dark_shade, light_shade
from tests.builders import ours

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def other_caller(caller: Caller) -> Caller:
    """The owner of another account."""
    other = Account.objects.create(id="210987654321", name="Elsewhere")
    return replace(caller, account_id=other.id)


def test_a_brand_is_kept_and_its_dark_colour_is_found_when_none_is_chosen(caller: Caller) -> None:
    ours(caller, "PutPortalBrand", name="Acme APIs", tagline="Ship it.", brandColor="#1F5FA8")

    brand = ours(caller, "GetPortalBrand")
    assert (brand["name"], brand["brandColor"], brand["brandColorDark"]) == ("Acme APIs", "#1f5fa8", "")


def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(caller: Caller) -> None:
    with pytest.raises(BadRequestException, match=r"contrast is 1\.\d:1, text needs 4\.5:1\. #\w{6} would do"):
        ours(caller, "PutPortalBrand", brandColor="#ffee88")


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "url(x)", "#12345g;}"])
def test_what_is_no_colour_is_refused(caller: Caller, color: str) -> None:
    with pytest.raises(AwsError):
        ours(caller, "PutPortalBrand", brandColor=color)


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_whatever_the_colour_a_readable_one_is_suggested(color: str) -> None:
    assert light_shade(light_shade(color).suggestion).readable
    assert dark_shade(dark_shade(color, color).suggestion, color).readable
    assert dark_shade("", color).ratio >= ENOUGH


def test_a_logo_is_a_picture_of_at_most_200_kilobytes(caller: Caller) -> None:
    assert ours(caller, "PutPortalLogo", logo=PNG)["logoContentType"] == "image/png"
    with pytest.raises(BadRequestException, match="at most 200 KB"):
        ours(caller, "PutPortalLogo", logo=PNG + bytes(MOST_LOGO_BYTES))
    assert "logoSize" not in ours(caller, "DeletePortalLogo")


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"<?xml version='1.0'?><svg/>", b"<html>", b"\x89PNG"]
)
def test_what_is_no_picture_is_no_logo(caller: Caller, content: bytes) -> None:
    with pytest.raises(BadRequestException, match="SVG is not taken"):
        ours(caller, "PutPortalLogo", logo=content)


@given(st.binary(max_size=64))
def test_only_four_kinds_of_pictures_are_known_by_their_first_bytes(content: bytes) -> None:
    assert picture_type(content) in {"", "image/png", "image/jpeg", "image/gif", "image/webp"}


def test_a_page_is_made_replaced_listed_and_deleted(caller: Caller) -> None:
    ours(caller, "PutPortalPage", slug="first-steps", title="First steps", body="# Hello")
    ours(caller, "PutPortalPage", slug="first-steps", title="Your first steps", published=False)

    assert ours(caller, "GetPortalPage", slug="first-steps")["title"] == "Your first steps"
    assert [page["published"] for page in ours(caller, "ListPortalPages")["items"]] == [False]
    ours(caller, "DeletePortalPage", slug="first-steps")
    with pytest.raises(NotFoundException):
        ours(caller, "GetPortalPage", slug="first-steps")


def test_the_address_of_a_guide_is_used_once_in_the_installation_but_each_account_has_a_home(
    caller: Caller, other_caller: Caller
) -> None:
    for slug in ("home", "limits"):
        ours(caller, "PutPortalPage", slug=slug, title="Ours")

    ours(other_caller, "PutPortalPage", slug="home", title="Theirs")
    with pytest.raises(ConflictException):
        ours(other_caller, "PutPortalPage", slug="limits", title="Theirs")


def test_an_audience_is_addresses_and_domains_in_small_letters(caller: Caller) -> None:
    ours(
        caller,
        "PutAudience",
        audienceName="partners",
        entries=["Ada@Example.com", "@Partner.example", "ada@example.com"],
    )

    assert ours(caller, "GetAudience", audienceName="partners")["entries"] == ["@partner.example", "ada@example.com"]


@pytest.mark.parametrize(
    "entry", ["", "example.com", "@", "@localhost", "a b@example.com", "a@b@example.com", "x" * 300]
)
def test_what_is_no_address_and_no_domain_is_refused(caller: Caller, entry: str) -> None:
    with pytest.raises(BadRequestException):
        ours(caller, "PutAudience", audienceName="partners", entries=[entry])


def test_an_audience_that_something_is_shown_to_stays(caller: Caller) -> None:
    ours(caller, "PutAudience", audienceName="partners", entries=["@partner.example"])
    page = {"slug": "secret", "title": "For partners", "visibility": "audience", "audiences": ["partners"]}
    ours(caller, "PutPortalPage", **page)

    with pytest.raises(ConflictException):
        ours(caller, "DeleteAudience", audienceName="partners")
    ours(caller, "PutPortalPage", **{**page, "visibility": "public"})
    ours(caller, "DeleteAudience", audienceName="partners")
    assert ours(caller, "ListAudiences")["items"] == []


def test_what_is_for_audiences_names_at_least_one_of_the_account(caller: Caller, other_caller: Caller) -> None:
    ours(other_caller, "PutAudience", audienceName="partners", entries=["@partner.example"])

    for names in ([], ["partners"]):
        with pytest.raises(BadRequestException):
            ours(caller, "PutPortalPage", slug="x", title="X", visibility="audience", audiences=names)
