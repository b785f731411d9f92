"""Every form of the console and of the developer portal with bad input.

No answer is an error of the server. A refusal says why at the form, keeps what was typed and changes nothing; what is taken leads on
with a message; nothing that was typed is markup. `exceptions` has the few forms of which less is demanded.
"""

from __future__ import annotations

import re

import pytest

from tests.portal.walked.conftest import Walked
from tests.portal.walked.exceptions import expected
from tests.portal.walked.reading_forms import Form
from tests.portal.walked.sweeping import sweep

pytestmark = pytest.mark.django_db

AREAS = {
    "rest-apis": r"/console/(apis|import)/",
    "v2-apis": r"/console/v2/",
    "keys-and-plans": r"/console/(api-keys|usage-plans)/",
    "names-and-links": r"/console/(domain-names|certificates|client-certificates|vpc-links|load-balancers|access-associations)/",
    "functions": r"/console/functions/",
    "products": r"/console/(products|subscriptions|portal|portals|token-issuer)/",
    "people": r"/console/(people|access-keys|second-factor)/",
}
LEAST_FORMS = {
    "rest-apis": 40, "v2-apis": 25, "keys-and-plans": 15, "names-and-links": 15, "functions": 8, "products": 20, "people": 8, "the-rest": 4,
}  # fmt: skip


def of_area(forms: dict[str, Form], area: str) -> dict[str, Form]:
    """The forms that are sent to addresses of an area; the rest are those of no other."""
    rest = "|".join(AREAS.values())
    return {
        kind: form
        for kind, form in forms.items()
        if (re.search(AREAS[area], form.action) if area in AREAS else not re.search(rest, form.action))
    }


@pytest.mark.parametrize("area", [*AREAS, "the-rest"])
def test_forms_of_the_console(walked: Walked, area: str) -> None:
    bench, met = walked("owner")
    forms = of_area(met.forms, area)

    found = sweep(bench, forms, expected)

    assert not found, "\n".join(found)
    assert len(forms) >= LEAST_FORMS[area]


@pytest.mark.parametrize(("who", "least"), [("developer", 15), ("", 8)])
def test_forms_of_the_developer_portal(walked: Walked, who: str, least: int) -> None:
    bench, met = walked(who)

    found = sweep(bench, met.forms, expected)

    assert not found, "\n".join(found)
    assert len(met.forms) >= least
