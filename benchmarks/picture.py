"""Picture: each figure as a bar, as a multiple of the floor, in one SVG written by hand.

The scale is logarithmic, as the slowest peer is a hundred times slower than the floor. It is
readable on a light and on a dark page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from table import Result, times

COLORS = {"halflife": "#0f766e", "signified": "#d97706", "reaktiv": "#7c3aed"}
LABELS, BAR, GAP, SCALE, MARGIN = 290, 11, 12, 520, 90


def svg(results: Sequence[Result], names: Sequence[str], caption: str) -> str:
    """The picture of all rows that have a floor."""
    shown = [name for name in COLORS if name in names]
    rows = [result for result in results if any(result.ratio(name) for name in shown)]
    ratios = [ratio for result in rows for name in shown if (ratio := result.ratio(name))]
    most = 10 ** math.ceil(math.log10(max([*ratios, 10])))
    row_height = BAR * len(shown) + GAP
    top, height = 64, 64 + row_height * len(rows) + 34
    width = LABELS + SCALE + MARGIN

    def x(ratio: float) -> float:
        return LABELS + SCALE * max(0.0, math.log10(max(ratio, 1.0))) / math.log10(most)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="system-ui, sans-serif" '
            f'font-size="12" fill="#334155">'
        ),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="22" font-size="15" font-weight="600">{escape(caption)}</text>',
    ]
    for index, name in enumerate(shown):
        left = 12 + index * 110
        parts.append(f'<rect x="{left}" y="34" width="11" height="11" fill="{COLORS[name]}"/>')
        parts.append(f'<text x="{left + 16}" y="44">{escape(name)}</text>')
    step = 1
    while step <= most:
        parts.append(
            f'<line x1="{x(step):.1f}" y1="{top - 6}" x2="{x(step):.1f}" y2="{height - 28}" stroke="#cbd5e1"/>'
        )
        parts.append(f'<text x="{x(step):.1f}" y="{height - 12}" text-anchor="middle">{step:,} ×</text>')
        step *= 10
    for index, result in enumerate(rows):
        y = top + index * row_height
        middle = y + BAR * len(shown) / 2 + 4
        parts.append(f'<text x="{LABELS - 10}" y="{middle:.1f}" text-anchor="end">{escape(result.row.title)}</text>')
        for line, name in enumerate(shown):
            ratio = result.ratio(name)
            if ratio is None:
                continue
            bar_top = y + line * BAR
            parts.append(
                f'<rect x="{LABELS}" y="{bar_top}" width="{max(1.0, x(ratio) - LABELS):.1f}" height="{BAR - 2}"'
                f' fill="{COLORS[name]}"/>'
            )
            parts.append(f'<text x="{x(ratio) + 4:.1f}" y="{bar_top + 8}" font-size="9">{escape(times(ratio))}</text>')
    return "\n".join([*parts, "</svg>", ""])
