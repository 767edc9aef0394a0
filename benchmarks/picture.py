"""Picture: each figure as a bar, as a multiple of the floor, in one SVG written by hand.

The scale is logarithmic, as the slowest peer is a hundred times slower than the floor; bars begin
at the floor, and those to the left of it are faster than it. It is
readable on a light and on a dark page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import accumulate

from table import Result, times

COLORS = {
    "halflife": "#0f766e",
    "signified": "#d97706",
    "reaktiv": "#7c3aed",
    "patchdiff": "#d97706",
    "pyrsistent": "#7c3aed",
    "mutative": "#2563eb",
    "immer": "#db2777",
}
LABELS, BAR, GAP, SCALE, MARGIN = 290, 11, 12, 520, 90


def svg(results: Sequence[Result], names: Sequence[str], caption: str) -> str:
    """The picture of all rows that have a floor."""
    shown = [name for name in COLORS if name in names]
    rows = [result for result in results if any(result.ratio(name) for name in shown)]
    bars = [[(name, ratio) for name in shown if (ratio := result.ratio(name))] for result in rows]
    ratios = [ratio for row in bars for _, ratio in row]
    most = math.ceil(math.log10(max([*ratios, 10])))
    least = min(0, math.floor(math.log10(min([*ratios, 1]) * 1.2)))
    labels = max([LABELS, *(round(6.4 * len(result.row.title)) for result in rows)])
    tops = list(accumulate((BAR * len(row) + GAP for row in bars), initial=64))
    width, height = labels + SCALE + MARGIN, tops[-1] + 34

    def x(ratio: float) -> float:
        return labels + SCALE * (math.log10(max(ratio, 10**least)) - least) / (most - least)

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
    for power in range(least, most + 1):
        at, color = x(10.0**power), "#94a3b8" if power == 0 and least < 0 else "#cbd5e1"
        parts.append(f'<line x1="{at:.1f}" y1="{tops[0] - 6}" x2="{at:.1f}" y2="{height - 28}" stroke="{color}"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - 12}" text-anchor="middle">{10.0**power:,g} ×</text>')
    for top, result, row in zip(tops, rows, bars, strict=False):
        middle = top + BAR * len(row) / 2 + 4
        parts.append(f'<text x="{labels - 10}" y="{middle:.1f}" text-anchor="end">{escape(result.row.title)}</text>')
        for line, (name, ratio) in enumerate(row):
            left, right = sorted((x(1), x(ratio)))
            bar_top = top + line * BAR
            parts.append(
                f'<rect x="{left:.1f}" y="{bar_top}" width="{max(1.0, right - left):.1f}" height="{BAR - 2}"'
                f' fill="{COLORS[name]}"/>'
            )
            parts.append(f'<text x="{right + 4:.1f}" y="{bar_top + 8}" font-size="9">{escape(times(ratio))}</text>')
    return "\n".join([*parts, "</svg>", ""])
