"""Numbers on a chart: round axis steps, short labels, and positions as SVG wants them (strings, so that no locale turns a point into a comma)."""

import math

BOX = 1000
"""Side of the box in which paths are drawn."""


def nice_ticks(highest: float, count: int = 4, *, whole: bool = False) -> tuple[float, ...]:
    """Choose round values from zero up to or just beyond `highest`, about `count` steps apart (1, 2, 2.5 or 5 times ten to the n).

    `whole` keeps to whole numbers: half a call is none.
    """
    if highest <= 0 or not math.isfinite(highest):
        return (0.0, 1.0)
    raw = max(highest / count, 1.0) if whole else highest / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(
        factor * magnitude
        for factor in ((1, 2, 5, 10) if whole else (1, 2, 2.5, 5, 10))
        if factor * magnitude >= raw * (1 - 1e-9)
    )
    steps = math.ceil(highest / step - 1e-9)
    return tuple(round(index * step, 12) for index in range(steps + 1))


def format_number(value: float | None) -> str:
    """Write a number short enough for an axis: 950, 1.2k, 3.4M, 0.25; a gap is an en dash."""
    if value is None:
        return "–"
    for bound, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= bound:
            return f"{trim(value / bound, 1 if abs(value) < bound * 100 else 0)}{suffix}"
    return trim(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2)


def with_unit(value: float | None, unit: str) -> str:
    """Write a read-out value: "12 ms", "0.2%", or an en dash for a gap."""
    text = format_number(value)
    if not unit or value is None:
        return text
    return f"{text}{unit}" if unit == "%" else f"{text} {unit}"


def percent(share: float) -> str:
    """Write a share of the plot (0..1) as a percentage."""
    return f"{trim(share * 100, 3)}%"


def box_unit(share: float) -> str:
    """Write a share of the plot (0..1) in units of the path box."""
    return trim(share * BOX, 1)


def trim(value: float, digits: int) -> str:
    """Round to so many digits and drop zeros that say nothing."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
