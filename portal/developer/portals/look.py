"""The six colours of a portal's theme as a style sheet for both themes. Each keeps its hue; what cannot be read is moved until it can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.core.contrast import ENOUGH, Rgb, contrast, mix, read_color, readable, write_color

_WHITE: Rgb = (255, 255, 255)
_BLACK: Rgb = (0, 0, 0)
_DARK_INK: Rgb = (11, 20, 17)
# Pages and surfaces of static/gatehouse/tokens.css.
_LIGHT_GROUND: Rgb = (255, 255, 255)
_DARK_GROUND: Rgb = (16, 21, 19)
_GROUND_CONTRAST = 12.0
"""What a page's ground has against black or white, so that there is room for every colour on it."""

_TEXT_CONTRAST = 7.0


@dataclass(frozen=True)
class _Theme:
    """The colours of one theme: on its grounds, text is moved `towards` black or white."""

    ground: Rgb
    raised: Rgb
    towards: Rgb

    @property
    def tint(self) -> Rgb:
        """What badges and hovered rows stand on."""
        return mix(self.ground, self.towards, 0.08)

    def on_it(self, color: Rgb) -> Rgb:
        return readable(color, (self.ground, self.raised, self.tint), self.towards)

    def text(self, color: Rgb) -> Rgb:
        """A colour that text is read in at length: one that was chosen for the other theme keeps a breath of its hue."""
        return self.on_it(color if contrast(color, self.ground) >= _TEXT_CONTRAST else mix(color, self.towards, 0.88))


def style_sheet(colors: Mapping[str, str]) -> str:
    """The style sheet of a theme's colours (`AccentColor` and the other five, each `#rrggbb`)."""
    given = {name: read_color(value) for name, value in colors.items()}
    light = _light(given["BackgroundColor"])
    dark = _dark(given["BackgroundColor"])
    accent = _both(light.on_it(given["AccentColor"]), dark.on_it(given["AccentColor"]))
    ink = _both(*(_ink(theme.on_it(given["AccentColor"])) for theme in (light, dark)))
    text = [theme.text(given["TextColor"]) for theme in (light, dark)]
    muted = [theme.on_it(mix(color, theme.ground, 0.3)) for color, theme in zip(text, (light, dark), strict=True)]
    error = _both(light.on_it(given["ErrorValidationColor"]), dark.on_it(given["ErrorValidationColor"]))
    root = {
        "--brand": accent,
        "--brand-ink": ink,
        "--page": _both(light.ground, dark.ground),
        "--surface": _both(light.raised, dark.raised),
        "--surface-raised": _both(light.raised, dark.raised),
        "--surface-hover": _both(light.tint, dark.tint),
        "--neutral-tint": _both(light.tint, dark.tint),
        "--text": _both(*text),
        "--text-muted": _both(*muted),
        "--text-faint": _both(*muted),
        "--danger": error,
    }
    return (
        "@layer room {\n"
        + _rule(":root", root)
        + _rule(".portal-bar", _band(given["HeaderColor"], dark))
        + _rule(".portal-docs .docs-nav", _band(given["NavigationColor"], dark))
        + "}\n"
    )


def _light(background: Rgb) -> _Theme:
    ground = _moved(background, _WHITE, _BLACK)
    return _Theme(ground, mix(ground, _WHITE, 0.6), _BLACK)


def _dark(background: Rgb) -> _Theme:
    """A light background says nothing of the dark theme, which is then our own."""
    ground = _DARK_GROUND if contrast(background, _WHITE) < ENOUGH else _moved(background, _BLACK, _WHITE)
    return _Theme(ground, mix(ground, _WHITE, 0.05), _WHITE)


def _moved(ground: Rgb, towards: Rgb, against: Rgb) -> Rgb:
    """A ground, moved no further than it takes to stand out against black or white."""
    for step in range(101):
        moved = mix(ground, towards, step / 100)
        if contrast(moved, against) >= _GROUND_CONTRAST:
            return moved
    return towards


def _band(color: Rgb, dark: _Theme) -> dict[str, str]:
    """What stands in a band of this colour; in the dark theme a light one gives way to the theme's own."""
    ink = _ink(color)
    color = readable_ground(color, ink)
    dark_color, dark_ink = (color, ink) if ink == _WHITE else (dark.raised, _WHITE)
    faded = _both(mix(ink, color, 0.18), mix(dark_ink, dark_color, 0.18))
    line = _both(mix(color, ink, 0.25), mix(dark_color, dark_ink, 0.25))
    ground, text = _both(color, dark_color), _both(ink, dark_ink)
    return {
        "background": ground,
        "color": text,
        "--surface": ground,
        "--surface-raised": ground,
        "--surface-hover": _both(mix(color, ink, 0.08), mix(dark_color, dark_ink, 0.08)),
        "--line": line,
        "--line-strong": line,
        "--text": text,
        "--text-muted": faded,
        "--text-faint": faded,
        "--accent-text": text,
        "--accent-tint": _both(mix(color, ink, 0.12), mix(dark_color, dark_ink, 0.12)),
        "--focus": text,
    }


def readable_ground(color: Rgb, ink: Rgb) -> Rgb:
    """A ground that its ink is read on well even where it is faded: moved away from the ink as far as it takes."""
    away = _BLACK if ink == _WHITE else _WHITE
    for step in range(101):
        moved = mix(color, away, step / 100)
        hovered = mix(moved, ink, 0.12)
        if contrast(hovered, mix(ink, moved, 0.18)) >= ENOUGH:
            return moved
    return away


def _ink(color: Rgb) -> Rgb:
    return max((_WHITE, _DARK_INK), key=lambda candidate: contrast(color, candidate))


def _both(light: Rgb, dark: Rgb) -> str:
    return f"light-dark({write_color(light)}, {write_color(dark)})"


def _rule(selector: str, values: Mapping[str, str]) -> str:
    return f"  {selector} {{ " + "".join(f"{name}: {value}; " for name, value in values.items()) + "}\n"
