#!/usr/bin/env python3
"""Draws how costs grow with size, from the JSON that flok-bench writes.

usage: bench/plot.py figures.json growth.svg

One panel for each measure that has sizes, with a line for flok and one for each other side.
Both axes are logarithmic.
"""

import json
import math
import sys
from html import escape

COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT = 340, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 52, 44  # around the axes of a panel
PLOT_WIDTH = PANEL_WIDTH - LEFT - RIGHT
PLOT_HEIGHT = PANEL_HEIGHT - TOP - BOTTOM
HEADER = 40
FLOK = "#0b5fa5"
OTHERS = ["#c2540a", "#5b7f1f", "#7a3e9d"]
INK, FAINT = "#222222", "#dddddd"


def panels_of(rows):
    """The measures that have sizes: {title: {"of", "unit", "lines": {side: [(size, cost)]}}}."""
    panels = {}
    for row in rows:
        if not row.get("size"):
            continue
        title = row["says"] + (": " + row["measure"] if row["measure"] else "")
        panel = panels.setdefault(
            (row["workload"], title), {"of": row["of"], "unit": row["unit"], "lines": {}}
        )
        flok = panel["lines"].setdefault("flok", [])
        if (row["size"], row["flok"]) not in flok:  # once, however many others there are
            flok.append((row["size"], row["flok"]))
        if row.get("floor"):
            panel["lines"].setdefault(row["other"], []).append((row["size"], row["floor"]))
    return {title: panel for (_, title), panel in panels.items()}


def decades(values):
    """The powers of ten that enclose the values, as exponents."""
    low = math.floor(math.log10(min(values)) + 1e-9)
    high = math.ceil(math.log10(max(values)) - 1e-9)
    return low, max(high, low + 1)


def in_short(exponent):
    """A power of ten, as people write it."""
    if exponent < 0:
        return f"{10.0 ** exponent:g}"
    return "1" + "0" * (exponent % 3) + ["", "k", "M", "G", "T"][exponent // 3]


def in_unit(exponent, unit):
    """The same with its unit, which for times grows with them."""
    if unit != "ns" or exponent < 3:
        return f"{in_short(exponent)} {unit}"
    step = min(exponent // 3, 3)
    return f"{in_short(exponent - 3 * step)} {['ns', 'µs', 'ms', 's'][step]}"


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


class Axes:
    """Where sizes and costs are within a panel."""

    def __init__(self, lines):
        points = [point for line in lines.values() for point in line]
        self.x_low, self.x_high = decades([size for size, _ in points])
        self.y_low, self.y_high = decades([cost for _, cost in points])

    def x(self, size):
        part = (math.log10(size) - self.x_low) / (self.x_high - self.x_low)
        return LEFT + part * PLOT_WIDTH

    def y(self, cost):
        part = (math.log10(cost) - self.y_low) / (self.y_high - self.y_low)
        return TOP + (1 - part) * PLOT_HEIGHT

    def grid(self, of, unit):
        out = []
        for exponent in range(self.x_low, self.x_high + 1):
            x = self.x(10.0**exponent)
            out.append(
                f'<path d="M{x:.1f} {TOP}V{TOP + PLOT_HEIGHT}" stroke="{FAINT}"/>'
                + text(x, TOP + PLOT_HEIGHT + 16, in_short(exponent))
            )
        for exponent in range(self.y_low, self.y_high + 1):
            y = self.y(10.0**exponent)
            out.append(
                f'<path d="M{LEFT} {y:.1f}h{PLOT_WIDTH}" stroke="{FAINT}"/>'
                + text(LEFT - 6, y + 4, in_unit(exponent, unit), "end")
            )
        out.append(text(LEFT + PLOT_WIDTH / 2, PANEL_HEIGHT - 10, of))
        return out


def draw_line(axes, line, colour, dashed):
    places = [(axes.x(size), axes.y(cost)) for size, cost in sorted(line)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    out = [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>']
    out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return out


def draw_panel(title, panel):
    axes = Axes(panel["lines"])
    out = [text(LEFT, 18, title, "start", 'font-weight="bold"')]
    out += axes.grid(panel["of"], panel["unit"])
    legend = LEFT
    for i, (side, line) in enumerate(panel["lines"].items()):
        colour = OTHERS[(i - 1) % len(OTHERS)] if i else FLOK
        out += draw_line(axes, line, colour, dashed=i > 0)
        dash = ' stroke-dasharray="6 4"' if i else ""
        out.append(f'<path d="M{legend} 34h20" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(text(legend + 26, 38, side, "start", f'fill="{colour}"'))
        legend += 44 + 6.5 * len(side)
    return out


def draw(panels):
    columns = min(COLUMNS, len(panels))
    width = columns * PANEL_WIDTH
    height = HEADER + math.ceil(len(panels) / columns) * PANEL_HEIGHT
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12" '
        f'fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        text(LEFT, 26, "How costs grow with size", "start", 'font-size="16"'),
    ]
    for i, (title, panel) in enumerate(panels.items()):
        x = i % columns * PANEL_WIDTH
        y = HEADER + i // columns * PANEL_HEIGHT
        out.append(f'<g transform="translate({x} {y})">')
        out += draw_panel(title, panel)
        out.append("</g>")
    return "\n".join(out + ["</svg>"]) + "\n"


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    with open(arguments[0], encoding="utf-8") as file:
        panels = panels_of(json.load(file))
    if not panels:
        sys.exit(f"{arguments[0]}: no measure with sizes is in it")
    with open(arguments[1], "w", encoding="utf-8") as file:
        file.write(draw(panels))


if __name__ == "__main__":
    main(sys.argv[1:])
