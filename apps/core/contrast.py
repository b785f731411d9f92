"""Colours that people can read: contrast as WCAG counts it, and the nearest colour that has enough of it."""

from __future__ import annotations

import re

ENOUGH = 4.5
"""What WCAG 2.2 AA asks of text."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")

Rgb = tuple[int, int, int]


def read_color(text: str) -> Rgb:
    """`#rrggbb` as numbers; raises ValueError for anything else."""
    if not _HEX.fullmatch(text):
        raise ValueError(f"not a colour: {text[:16]}")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def write_color(color: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def contrast(one: Rgb, other: Rgb) -> float:
    """The ratio of two colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(color: Rgb, other: Rgb, share: float) -> Rgb:
    """`color` with this share (0 to 1) of `other` in it."""
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


def worst(color: Rgb, grounds: tuple[Rgb, ...]) -> float:
    """The least contrast against some grounds, and against each of them tinted with a tenth of the colour itself."""
    return min(contrast(color, ground) for plain in grounds for ground in (plain, mix(plain, color, 0.1)))


def readable(color: Rgb, grounds: tuple[Rgb, ...], towards: Rgb) -> Rgb:
    """The colour, moved towards another no further than it takes to be read on the grounds."""
    for step in range(101):
        moved = mix(color, towards, step / 100)
        if worst(moved, grounds) >= ENOUGH:
            return moved
    return towards


def _luminance(color: Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
