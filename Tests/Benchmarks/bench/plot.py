"""Plots as SVG: bars beside each other, and lines. They read on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ["#2f6fde", "#7aa7f0", "#8a8f98", "#d98b2b", "#c4463a", "#4a9d5b", "#8f5fc4"]
WIDTH = 720
_FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#808590"'


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_FONT}>{escape(words)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}">'
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Groups of bars, one below the other: the name of a group, then its bars with their figures.
    All have one scale."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    largest = max(value for group in groups.values() for value in group.values())
    left, scale = 150.0, (WIDTH - 230) / largest
    parts, y = [_text(0, 14, title)], 34.0
    for group, values in groups.items():
        parts.append(_text(0, y + 2, group))
        y += 8
        for name, value in values.items():
            parts.append(_text(left - 8, y + 11, name, "end"))
            bar = f'x="{left:.1f}" y="{y:.1f}" width="{max(1.0, value * scale):.1f}" height="14"'
            parts.append(f'<rect {bar} rx="2" fill="{colours[name]}"/>')
            parts.append(_text(left + value * scale + 6, y + 11, f"{value:.3g}"))
            y += 18
        y += 20
    return _svg(y, parts)


def lines(
    title: str,
    across: Sequence[float],
    series: Mapping[str, Sequence[float]],
    axis: str,
) -> str:
    """One line for each series, over the same points; the upright axis is a part of one."""
    left, top, right, bottom = 50.0, 40.0, WIDTH - 130.0, 360.0

    def place(x: float, y: float) -> tuple[float, float]:
        part = (x - across[0]) / (across[-1] - across[0])
        return left + part * (right - left), bottom - y * (bottom - top)

    parts = [_text(0, 14, title)]
    for tenth in range(0, 11, 2):
        _, y = place(across[0], tenth / 10)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#80859040"/>')
        parts.append(_text(left - 8, y + 4, f"{tenth * 10} %", "end"))
    for x in across:
        parts.append(_text(place(x, 0)[0], bottom + 18, f"{x:g}", "middle"))
    parts.append(_text((left + right) / 2, bottom + 38, axis, "middle"))
    for index, (name, values) in enumerate(series.items()):
        points = [place(x, y) for x, y in zip(across, values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour = COLOURS[2 * index % len(COLOURS)]
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        # The lines end close to each other: their names stand in a list beside them.
        y = top + 18 * index
        parts.append(f'<path d="M{right + 12} {y - 4}h16" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(right + 34, y, name))
    return _svg(bottom + 48, parts)
