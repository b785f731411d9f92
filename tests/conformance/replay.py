"""Compares what happens here with a recording of the real service.

A recorded string may hold placeholders: `<id:1>` stands for one value throughout a sequence, `datetime` for any time. A recorded
object in the place of a text stands for any text that is JSON of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

_RECORDINGS: dict[str, Any] = {
    name: answers
    for path in sorted((Path(__file__).parent / "recordings").glob("*.json"))
    for name, answers in json.loads(path.read_text()).items()
}
_PLACEHOLDER = re.compile(r"<[a-z][a-z0-9_-]*(?::\d+)?>")
_RECORDED_ACCOUNT = "111111111111"


class Replay:
    """One recorded sequence. Each answer that is compared counts, so that `finish` can tell which were left out."""

    def __init__(self, name: str, account_id: str) -> None:
        self._answers: dict[str, Any] = _RECORDINGS[name]
        self._account_id = account_id
        self._bound: dict[str, str] = {}
        self._seen: set[str] = set()

    def check(self, name: str, call: Callable[..., dict[str, Any]], /, **request: Any) -> dict[str, Any]:
        """Make the call and compare its answer, or its error, with the recorded one of that name."""
        answer = answer_of(call, **request)
        self._seen.add(name)
        recorded = self._answers[name]
        difference = self._difference(_comparable(recorded), _comparable(answer), name)
        assert difference is None, difference
        return answer

    def check_value(self, name: str, value: Any) -> None:
        """Compare what the recorder kept that is no answer, such as an id, with what it was here."""
        self._seen.add(name)
        difference = self._difference(self._answers[name], value, name)
        assert difference is None, difference

    def finish(self, *left_out: str) -> None:
        """Every recorded answer was compared but those named."""
        assert self._answers.keys() - self._seen == set(left_out)

    def _difference(self, recorded: Any, actual: Any, at: str) -> str | None:
        """Where and how the two differ, or None."""
        if isinstance(recorded, dict) and isinstance(actual, str):
            actual = json.loads(actual)
        if isinstance(recorded, dict) and isinstance(actual, dict):
            if recorded.keys() != actual.keys():
                return f"{at}: recorded members {sorted(recorded)}, here {sorted(actual)}"
            pairs = ((f"{at}.{key}", recorded[key], actual[key]) for key in recorded)
        elif isinstance(recorded, list) and isinstance(actual, list):
            if len(recorded) != len(actual):
                return f"{at}: {len(recorded)} items recorded, here {len(actual)}"
            pairs = ((f"{at}.{index}", *pair) for index, pair in enumerate(zip(recorded, actual, strict=True)))
        elif isinstance(recorded, str):
            return None if self._matches(recorded, actual) else f"{at}: recorded {recorded!r}, here {actual!r}"
        else:
            return None if recorded == actual else f"{at}: recorded {recorded!r}, here {actual!r}"
        return next((found for where, one, other in pairs if (found := self._difference(one, other, where))), None)

    def _matches(self, recorded: str, actual: Any) -> bool:
        if recorded == "datetime":
            return isinstance(actual, datetime)
        if not isinstance(actual, str):
            return False
        recorded = recorded.replace(_RECORDED_ACCOUNT, self._account_id)
        names = _PLACEHOLDER.findall(recorded)
        known = [re.escape(self._bound[name]) if name in self._bound else "(.+)" for name in names]
        texts = [re.escape(text) for text in _PLACEHOLDER.split(recorded)]
        pattern = "".join(text + value for text, value in zip(texts, [*known, ""], strict=True))
        match = re.fullmatch(pattern, actual, re.DOTALL)
        if match is None:
            return False
        self._bound |= dict(zip([name for name in names if name not in self._bound], match.groups(), strict=True))
        return True


def answer_of(call: Callable[..., dict[str, Any]], /, **request: Any) -> dict[str, Any]:
    """The answer of a boto3 call, or the whole error response."""
    try:
        return call(**request)
    except ClientError as error:
        return error.response


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with nothing of its metadata but the status."""
    metadata = answer.get("ResponseMetadata", {})
    return {**answer, "ResponseMetadata": {"HTTPStatusCode": metadata.get("HTTPStatusCode")}}
