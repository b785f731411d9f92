"""What readers are told: Markdown made safe, limits in words, refusals explained, and how fast they may try."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.usage_plans.models import UsagePlan
from portal.developer.explain import explain
from portal.developer.limits import limit_words
from portal.developer.pace import Pace
from portal.developer.prose import render_markdown
from portal.developer.reference import OperationPage
from portal.developer.tryit import Answer, Attempt


class Tags(HTMLParser):
    """The tags of a piece of HTML with their attributes, as a browser finds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://tracker.example/pixel.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](JaVaScRiPt:alert(1))",
        "<javascript:alert(1)>",
        "<a href='https://x' style='position:fixed'>x</a>",
        "<iframe src='https://x'></iframe>",
        '[x](https://x "\\" onmouseover=alert(1) \\"")',
    ],
)
def test_markdown_brings_no_script_style_or_picture(text: str) -> None:
    found = Tags(render_markdown(text)).found

    assert {name for name, _ in found} <= {"p", "a"}
    for name, attributes in found:
        assert set(attributes) <= {"href", "title", "rel"}, name
        assert attributes.get("href", "https:").startswith("https:")


def test_markdown_keeps_what_a_page_needs() -> None:
    html = render_markdown(
        "# Start\n\n**Bold** `code` [more](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n* one"
    )

    assert "<h1>" not in html
    for piece in ("<h2>Start</h2>", "<strong>", "<code>", "<table>", "<li>one</li>"):
        assert piece in html
    assert '<a href="https://example.com" rel="noopener nofollow">more</a>' in html


@given(st.text(max_size=200))
def test_no_text_makes_a_tag_outside_the_list(text: str) -> None:
    assert not {"script", "img", "style", "iframe", "h1", "input"} & {
        name for name, _ in Tags(render_markdown(text)).found
    }


def test_a_huge_text_is_cut() -> None:
    assert len(render_markdown("x" * 1_000_000)) < 110_000


def test_limits_are_said_in_words() -> None:
    plan = UsagePlan(throttle_rate_limit=5, throttle_burst_limit=10, quota_limit=1000, quota_period="MONTH")

    words = limit_words(plan)

    assert (words.headline, words.headline_unit, words.short) == ("1,000", "calls a month", "1,000 calls a month")
    assert words.lines == ("5 requests a second, steadily", "Bursts of up to 10 at once")


@pytest.mark.parametrize(
    ("members", "headline", "first"),
    [
        ({}, "Unmetered", "No limit on requests a second"),
        ({"throttle_rate_limit": 1.0}, "Unmetered", "1 request a second, steadily"),
        ({"throttle_rate_limit": 0.5}, "Unmetered", "One request every 2 seconds, steadily"),
        ({"throttle_rate_limit": 0.0}, "Unmetered", "No requests at all"),
        ({"quota_limit": 1, "quota_period": "DAY"}, "1", "No limit on requests a second"),
    ],
)
def test_unusual_limits_have_words_too(members: dict[str, object], headline: str, first: str) -> None:
    words = limit_words(UsagePlan(**members))

    assert (words.headline, words.lines[0]) == (headline, first)


def refusal(status: int, message: str = "", *, key: str = "k", **headers: str) -> str:
    operation = OperationPage("a", "GET", "/", "", "", "", key_required=True)
    answer = Answer(
        status, body=f'{{"message": "{message}"}}', headers=tuple((n.replace("_", "-"), v) for n, v in headers.items())
    )
    explanation = explain(answer, Attempt(operation, "GET", {}, "", key))
    return explanation.title if explanation else ""


def test_refusals_are_explained() -> None:
    assert refusal(403, "Forbidden", key="") == "This operation needs a key"
    assert refusal(403, "Forbidden") == "The key was not accepted"
    assert refusal(403, "Missing Authentication Token") == "No such path or method"
    assert refusal(429, "Too Many Requests") == "Too many requests at once"
    assert refusal(429, "Limit Exceeded") == "The quota of your plan is used up"
    assert refusal(504, x_amzn_errortype="InternalServerErrorException").startswith("The service behind")
    assert refusal(200) == refusal(404) == refusal(502) == ""


@pytest.mark.parametrize(
    ("wait", "said"),
    [("1", "in 1 second."), ("90", "in 90 seconds."), ("7200", "in 2 hours."), ("777600", "in 9 days.")],
)
def test_a_429_says_how_long_to_wait(wait: str, said: str) -> None:
    operation = OperationPage("a", "GET", "/", "", "", "", key_required=True)
    explanation = explain(Answer(429, headers=(("Retry-After", wait),)), Attempt(operation, "GET", {}, "", "k"))

    assert explanation is not None
    assert said in explanation.text


def test_a_visitor_is_slowed_down_without_slowing_others() -> None:
    now = [100.0]
    pace = Pace(rate=3, burst=2, clock=lambda: now[0])

    assert [pace.wait_for("ada") for _ in range(3)] == [0, 0, 1]
    assert pace.wait_for("bob") == 0
    now[0] += 0.34
    assert pace.wait_for("ada") == 0


def test_the_pace_forgets_visitors_rather_than_filling_memory() -> None:
    pace = Pace(rate=1, burst=1, clock=lambda: 0.0)

    for number in range(10_050):
        pace.wait_for(str(number))

    assert pace.wait_for("0") == 0
    assert pace.wait_for("10049") == 1


def test_code_in_markdown_has_a_button_that_copies_it() -> None:
    html = render_markdown("```sh\ncurl '<pre>' </pre>\n```")

    assert html.count("data-copy-near") == 1
    assert html.count('<pre tabindex="0">') == html.count("</pre></div>") == 1
    assert "&lt;pre&gt;" in html
