"""Who else may use a private domain name: its management policy, read as IAM reads resource policies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

CREATE_ASSOCIATION = "apigateway:CreateAccessAssociation"
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")


def allows(policy: str | None, account_id: str, action: str, arn: str) -> bool:
    """Whether a policy lets an account do something with the resource `arn`: some statement allows it, and none denies it.

    A condition speaks of what is not known here (an organisation, a tag): such a statement never allows and always denies.
    """
    statements = [statement for statement in _statements(policy) if _concerns(statement, account_id, action, arn)]
    if any(statement.get("Effect") == "Deny" for statement in statements):
        return False
    return any(statement.get("Effect") == "Allow" and not statement.get("Condition") for statement in statements)


def _statements(policy: str | None) -> list[dict[str, Any]]:
    document = json.loads(policy) if policy else {}
    found = document.get("Statement", [])
    return [statement for statement in _listed(found) if isinstance(statement, dict)]


def _concerns(statement: dict[str, Any], account_id: str, action: str, arn: str) -> bool:
    return (
        _names_account(statement.get("Principal"), account_id)
        and _matches(statement.get("Action"), action.lower(), lower=True)
        and _matches(statement.get("Resource", "*"), arn)
    )


def _names_account(principal: Any, account_id: str) -> bool:
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    for entry in _listed(named):
        root = _ROOT.fullmatch(str(entry))
        if entry in ("*", account_id) or (root is not None and root[1] == account_id):
            return True
    return False


def _matches(patterns: Any, value: str, *, lower: bool = False) -> bool:
    texts = (str(pattern).lower() if lower else str(pattern) for pattern in _listed(patterns))
    # Brackets are no wildcards in IAM.
    return any(fnmatchcase(value, text.replace("[", "[[]")) for text in texts)


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
