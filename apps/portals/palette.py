"""A brand's colours on the portal's grounds, light and dark, with what is written on them."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.contrast import ENOUGH, Rgb, contrast, read_color, readable, worst, write_color

# The pages and surfaces of static/gatehouse/tokens.css.
_LIGHT: tuple[Rgb, ...] = ((255, 255, 255), (245, 246, 242))
_DARK: tuple[Rgb, ...] = ((16, 21, 19), (24, 30, 28), (32, 39, 36))
_WHITE: Rgb = (255, 255, 255)
_BLACK: Rgb = (0, 0, 0)
_INKS: tuple[Rgb, ...] = (_WHITE, (11, 20, 17))


@dataclass(frozen=True)
class Shade:
    """A colour of one theme and the ink on it. `ratio` is its least contrast; `suggestion` is a colour that has enough."""

    color: str
    ink: str
    ratio: float
    suggestion: str

    @property
    def readable(self) -> bool:
        return self.ratio >= ENOUGH


def light_shade(color: str) -> Shade:
    """A brand colour on the light theme; raises ValueError for what is no colour."""
    return _shade(read_color(color), _LIGHT, _BLACK)


def dark_shade(color: str, light: str) -> Shade:
    """A brand colour on the dark theme: the one that was chosen, else the light theme's made lighter until it can be read."""
    return _shade(read_color(color) if color else readable(read_color(light), _DARK, _WHITE), _DARK, _WHITE)


def _shade(color: Rgb, grounds: tuple[Rgb, ...], towards: Rgb) -> Shade:
    ink = max(_INKS, key=lambda candidate: contrast(color, candidate))
    ratio = min(worst(color, grounds), contrast(color, ink))
    return Shade(write_color(color), write_color(ink), ratio, write_color(readable(color, grounds, towards)))
