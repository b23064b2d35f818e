"""Pictures as SVG, drawn by Vega-Lite. Colours are variables of the page's style sheet, which knows light and dark."""

from __future__ import annotations

from typing import Any

import vl_convert

Rows = list[dict[str, Any]]
Picture = tuple[str, str]
WIDTH = 420
LEGEND = {"title": None, "orient": "top", "labelColor": "var(--ink)", "labelFontSize": 12}
AXIS = {
    "labelColor": "var(--ink)", "titleColor": "var(--soft)", "gridColor": "var(--line)", "domainColor": "var(--line)",
    "tickColor": "var(--line)", "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
    "labelLimit": 190, "titlePadding": 8,
}  # fmt: skip
CONFIG = {
    "background": None,
    "view": {"stroke": None},
    "aria": False,
    "axis": AXIS,
    "padding": {"left": 16, "right": 8, "top": 8, "bottom": 4},
    "font": "system-ui, sans-serif",
}


def drawn(rows: Rows, description: str, layers: list[dict[str, Any]], **settings: Any) -> Picture:
    """The SVG of some layers over the rows, and its description for those who do not see it."""
    spec = {"data": {"values": rows}, "width": WIDTH, "height": 220, "layer": layers, "config": CONFIG, **settings}
    return vl_convert.vegalite_to_svg(spec, vl_version="5.20"), description


def axis(name: str, zero: bool = True, **settings: Any) -> dict[str, Any]:
    """A numeric channel of a column; a dot in its name is no path."""
    settings = {"type": "quantitative", "scale": {"zero": zero}, "title": name, **settings}
    return {"field": path(name), **settings}


def path(name: str) -> str:
    """A column as Vega-Lite names it."""
    return name.replace(".", "\\.").replace("[", "\\[").replace("]", "\\]")


def intervals(rows: Rows, name: str, value: str, low: str, high: str, ours: str) -> Picture:
    """A dot and its interval for each row, the one of `ours` in the accent colour."""
    rows = [{**row, "Ours": row[name] == ours} for row in rows if row[value] is not None]
    y = {"field": path(name), "type": "nominal", "sort": None, "title": None}
    colour = {"condition": {"test": "datum.Ours", "value": "var(--accent)"}, "value": "var(--muted)"}
    line = {"mark": {"type": "rule", "strokeWidth": 3}, "encoding": {
        "x": axis(low, title=value), "x2": {"field": path(high)}, "y": y, "color": colour}}  # fmt: skip
    dot = {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1}, "encoding": {
        "x": axis(value, title=value), "y": y, "color": colour}}  # fmt: skip
    said = "; ".join(f"{row[name]} {row[value]:.3g}" for row in rows[:12])
    return drawn(rows, f"{value}, with 95 % intervals: {said}.", [line, dot], width=300, height={"step": 26})


def line(rows: Rows, x: str, y: str, time: bool = False) -> Picture:
    """A line through the rows, with a soft area below."""
    rows = [{**row, x: str(row[x])} for row in rows] if time else rows
    across = {"field": path(x), "type": "temporal", "title": None} if time else axis(x)
    encoding = {"x": across, "y": axis(y)}
    area = {"mark": {"type": "area", "color": "var(--accent)", "opacity": 0.12}, "encoding": encoding}
    stroke = {"mark": {"type": "line", "color": "var(--accent)", "strokeWidth": 2.5}, "encoding": encoding}
    ends = f"from {rows[0][y]:.3g} at {rows[0][x]} to {rows[-1][y]:.3g} at {rows[-1][x]}"
    return drawn(rows, f"{y} over {x}: {ends}.", [area, stroke])


def against_diagonal(rows: Rows, x: str, y: str) -> Picture:
    """Dots beside the line on which both columns are equal."""
    top = max(max(row[x], row[y]) for row in rows)
    ends = {"values": [{x: 0, y: 0}, {x: top, y: top}]}
    encoding = {"x": axis(x), "y": axis(y)}
    equal = {
        "data": ends,
        "mark": {"type": "line", "color": "var(--muted)", "strokeDash": [5, 4]},
        "encoding": encoding,
    }
    dots = {"mark": {"type": "point", "filled": True, "size": 90, "color": "var(--accent)", "opacity": 1},
            "encoding": encoding}  # fmt: skip
    said = "; ".join(f"{row[x]:.2g} said, {row[y]:.2g} happened" for row in rows)
    return drawn(rows, f"{y} against {x}: {said}.", [equal, dots])


def bars(rows: Rows, name: str, value: str, ours: str) -> Picture:
    """A bar for each row, the one of `ours` in the accent colour."""
    rows = [{**row, "Ours": row[name] == ours} for row in rows if row[value] is not None]
    colour = {"condition": {"test": "datum.Ours", "value": "var(--accent)"}, "value": "var(--muted)"}
    y = {"field": path(name), "type": "nominal", "sort": None, "title": None}
    layer = {"mark": {"type": "bar", "size": 14}, "encoding": {"x": axis(value), "y": y, "color": colour}}
    said = "; ".join(f"{row[name]} {row[value]:.3g}" for row in rows)
    return drawn(rows, f"{value}: {said}.", [layer], width=300, height={"step": 26})


def pairs(rows: Rows, name: str, first: str, second: str) -> Picture:
    """Two bars for each row: what is shown beside what is bought."""
    long = [{"name": row[name], "what": what.removesuffix(" %"), "value": row[what] or 0.0}
            for row in rows for what in (first, second)]  # fmt: skip
    scale = {
        "domain": [first.removesuffix(" %"), second.removesuffix(" %")],
        "range": ["var(--accent)", "var(--muted)"],
    }
    bars = {"mark": {"type": "bar"}, "encoding": {
        "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
        "yOffset": {"field": "what", "sort": None},
        "x": axis("value", title="%"), "color": {"field": "what", "scale": scale, "legend": LEGEND}}}  # fmt: skip
    said = "; ".join(f"{row[name]} {row[first] or 0:.2g} and {row[second] or 0:.2g}" for row in rows)
    return drawn(long, f"{first} and {second}: {said}.", [bars], width=300, height={"step": 12})
