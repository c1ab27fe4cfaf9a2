"""The curves as a picture: how many times an item costs what it costs at the smallest size, case beside case."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.scale.cases import Figures

WIDTH, HEIGHT, LEFT, TOP, GAP = 240, 180, 46, 46, 70
COLOURS = {"CPU of an item": "#0b6bcb", "peak memory": "#c2570c"}


def draw(curves: Mapping[str, Sequence[Figures]], limits: tuple[float, float], file: Path) -> None:
    """Write an SVG: a panel for each case, sizes in powers of ten, each limit as a dashed line."""
    panels = [_panel(name, curve, limits, n) for n, (name, curve) in enumerate(curves.items())]
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + 72
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="11">',
        f"<title>Cost as work grows: {', '.join(curves)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *panels,
        *(_key(label, colour, n, height) for n, (label, colour) in enumerate(COLOURS.items())),
        "</svg>\n",
    ]
    file.write_text("\n".join(parts))


def _panel(name: str, curve: Sequence[Figures], limits: tuple[float, float], number: int) -> str:
    small = curve[0]
    lines = {
        "CPU of an item": [one.each / small.each for one in curve],
        "peak memory": [one.memory / small.memory for one in curve],
    }
    top = max(2.0, *(value for values in lines.values() for value in values)) * 1.05
    sizes = [math.log10(one.size) for one in curve]
    span = max(sizes[-1] - sizes[0], 1e-9)
    across = [WIDTH * (size - sizes[0]) / span for size in sizes]

    def up(value: float) -> float:
        return HEIGHT * (1 - value / top)

    drawn = [f'<text x="0" y="-14" font-size="13" font-weight="bold">{name}</text>']
    drawn.append(f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="#333333"/>')
    step = max(1, round(top / 4))
    drawn += [
        f'<text x="-6" y="{up(tick) + 4:.1f}" text-anchor="end">{tick} ×</text>'
        for tick in range(0, math.floor(top) + 1, step)
    ]
    places = zip(across, curve, strict=True)
    drawn += [f'<text x="{at:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{one.size:,}</text>' for at, one in places]
    for (label, values), limit in zip(lines.items(), limits, strict=True):
        colour, height = COLOURS[label], up(limit)
        drawn.append(f'<path d="M0 {height:.1f}H{WIDTH}" stroke="{colour}" stroke-dasharray="4 4" opacity="0.6"/>')
        points = " ".join(f"{at:.1f},{up(value):.1f}" for at, value in zip(across, values, strict=True))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        ends = zip(across, values, strict=True)
        drawn += [f'<circle cx="{at:.1f}" cy="{up(value):.1f}" r="3" fill="{colour}"/>' for at, value in ends]
    return f'<g transform="translate({LEFT + number * (WIDTH + GAP)} {TOP})">{"".join(drawn)}</g>'


def _key(label: str, colour: str, number: int, height: int) -> str:
    left = LEFT + number * 380
    text = f"{label}, as a multiple of the smallest; dashed: its limit"
    return (
        f'<circle cx="{left}" cy="{height - 18}" r="4" fill="{colour}"/>'
        f'<text x="{left + 10}" y="{height - 14}">{text}</text>'
    )
