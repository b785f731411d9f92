"""The colours of API Gateway's portals can be read, whatever their owners chose."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from apps.core.contrast import contrast, read_color
from portal.developer.portals.look import style_sheet
from tests.builders import COLORS

themes = st.binary(min_size=18, max_size=18).map(
    lambda raw: {name: f"#{raw[3 * at : 3 * at + 3].hex()}" for at, name in enumerate(COLORS)}
)
PAIR = re.compile(r"(--?[a-z-]+|background|color): light-dark\((#\w{6}), (#\w{6})\)")


def values(rule: str) -> dict[str, tuple[str, str]]:
    return {name: (light, dark) for name, light, dark in PAIR.findall(rule)}


@given(themes)
def test_whatever_colours_a_theme_has_it_can_be_read_in_both_themes(colors: dict[str, str]) -> None:
    root, bar, nav = (values(rule) for rule in style_sheet(colors).splitlines()[1:4])

    for theme in (0, 1):
        grounds = [root[name][theme] for name in ("--page", "--surface", "--neutral-tint")]
        for name in ("--text", "--text-muted", "--brand", "--danger"):
            for ground in grounds:
                assert contrast(read_color(root[name][theme]), read_color(ground)) >= 4.5, (name, theme)
        assert contrast(read_color(root["--brand-ink"][theme]), read_color(root["--brand"][theme])) >= 4.3
        for band in (bar, nav):
            for name in ("--text", "--text-muted"):
                for ground in ("background", "--accent-tint", "--surface-hover"):
                    assert contrast(read_color(band[name][theme]), read_color(band[ground][theme])) >= 4.4, name
