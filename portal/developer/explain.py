"""Why the gateway refused a call, and what to do about it: said next to the answer, because a bare 403 helps nobody."""

from __future__ import annotations

from dataclasses import dataclass

from portal.developer.tryit import Answer, Attempt


@dataclass(frozen=True)
class Explanation:
    """`tone` as the alert component takes it."""

    tone: str
    title: str
    text: str


def explain(answer: Answer, attempt: Attempt) -> Explanation | None:
    """The explanation of a refusal; None for an answer that speaks for itself."""
    if answer.problem:
        return Explanation("danger", "Nothing was sent" if not answer.milliseconds else "No answer", answer.problem)
    if answer.status == 403:
        return _forbidden(answer, attempt)
    if answer.status == 429:
        return _too_many(answer)
    if answer.status in {502, 503, 504} and answer.header("x-amzn-errortype"):
        return Explanation(
            "warning",
            "The service behind the gateway did not answer properly",
            "Your request was accepted, but its back end failed or took too long. Trying again later may help.",
        )
    return None


def _forbidden(answer: Answer, attempt: Attempt) -> Explanation | None:
    if "Missing Authentication Token" in answer.body:
        return Explanation(
            "warning",
            "No such path or method",
            "The gateway knows no operation at this path with this method. The stage may have been deployed anew: "
            "reload the reference.",
        )
    if not attempt.operation.key_required:
        return None
    if not attempt.key:
        return Explanation(
            "warning",
            "This operation needs a key",
            "Choose an application above, or get access to the product: the key is then sent in the x-api-key header.",
        )
    return Explanation(
        "warning",
        "The key was not accepted",
        "It opens this API only while it is enabled and its application is subscribed to a plan of this product. "
        "Check both on the application's page. A key that is limited to websites or networks is not taken from here.",
    )


def _too_many(answer: Answer) -> Explanation:
    wait = answer.header("retry-after")
    after = f" Try again in {_duration(wait)}." if wait else ""
    if "Limit Exceeded" in answer.body or "LimitExceeded" in answer.header("x-amzn-errortype"):
        return Explanation(
            "warning",
            "The quota of your plan is used up",
            f"Calls are counted per key; your application's page shows when the count starts again.{after}",
        )
    return Explanation(
        "warning",
        "Too many requests at once",
        f"Your plan's rate or burst limit was reached. Calls that are spread out go through.{after}",
    )


def _duration(seconds: str) -> str:
    """A Retry-After in words; one that is a date is given as it is."""
    if not (seconds.isascii() and seconds.isdigit()):
        return seconds
    number = int(seconds)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if number >= 2 * size:
            return f"{round(number / size)} {unit}s"
    return f"{number} second{'' if number == 1 else 's'}"
