"""Draws what was measured as an SVG, without a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, PANEL, LEFT, TOP, GAP = 860, 240, 70, 46, 62
COLOURS = ("#1b6ca8", "#d1495b", "#3c8d53", "#8d5fb3", "#c98a1b", "#3aa6a6", "#6b6b6b")


@dataclass(frozen=True)
class Panel:
    """Lines over the same minutes; `lines` by name."""

    title: str
    lines: dict[str, Sequence[float]]


def ticks(most: float, count: int = 5) -> list[float]:
    """Round numbers from 0 to `most` at least."""
    step = 1.0
    while step * count < most:
        step *= 2.5 if str(step)[0] == "2" else 2
    return [i * step for i in range(count + 1)]


def draw(title: str, minutes: Sequence[float], panels: Sequence[Panel]) -> str:
    height = TOP + len(panels) * (PANEL + GAP) + 10
    right = WIDTH - 20
    span = max(minutes[-1], 0.01)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="15" fill="#222">{title}</text>',
    ]
    for index, panel in enumerate(panels):
        top = TOP + index * (PANEL + GAP)
        scale = ticks(max(max(line) for line in panel.lines.values()))
        out.append(f'<text x="{LEFT}" y="{top - 6}" fill="#222">{panel.title}</text>')
        for value in scale:
            y = top + PANEL - value / scale[-1] * PANEL
            out.append(
                f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>'
                f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{value:g}</text>'
            )
        for minute in ticks(span):
            if minute <= span:
                x = LEFT + minute / span * (right - LEFT)
                out.append(
                    f'<text x="{x:.1f}" y="{top + PANEL + 16}" text-anchor="middle"'
                    f' fill="#555">{minute:g}</text>'
                )
        for (name, line), colour in zip(panel.lines.items(), COLOURS, strict=False):
            points = " ".join(
                f"{LEFT + minute / span * (right - LEFT):.1f},"
                f"{top + PANEL - value / scale[-1] * PANEL:.1f}"
                for minute, value in zip(minutes, line, strict=True)
            )
            out.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
    y = height - 12
    for i, (name, colour) in enumerate(zip(panels[0].lines, COLOURS, strict=False)):
        x = LEFT + i * 100
        out.append(
            f'<path d="M{x} {y - 4}h18" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{x + 24}" y="{y}" fill="#222">{name}</text>'
        )
    out.append(f'<text x="{right}" y="{y}" text-anchor="end" fill="#555">minutes</text></svg>\n')
    return "\n".join(out)
