"""The page: sections put into the templates."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from .blocks import Section
from .sections import health, inputs, look, quality, rules, shown, training
from .warehouse import Warehouse

SECTIONS = (health, quality, shown, rules, look, inputs, training)
TEMPLATES = Path(__file__).parent / "templates"
MARKS = ("Result", "Effect")
WIDE = 5  # columns from which a table takes the whole width


def sections(warehouse: Warehouse) -> list[Section]:
    """All sections in the order of the page."""
    return [module.section(warehouse) for module in SECTIONS]


def page(warehouse: Warehouse, title: str, made_at: datetime) -> str:
    """The page as HTML, with style and script inside."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    templates.filters.update(text=text, drawn=Markup)
    templates.globals.update(is_number=is_number, columns=columns, wide=WIDE)
    return templates.get_template("page.html").render(
        sections=sections(warehouse), title=title, made_at=made_at,
        style=Markup((TEMPLATES / "style.css").read_text()), script=Markup((TEMPLATES / "page.js").read_text()),
    )  # fmt: skip


def write(path: Path, made: str) -> Path:
    """Put the page in its place, whole or not at all, since somebody may have the old one open; the path in full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.tmp")
    beside.write_text(made, encoding="utf-8")
    return beside.replace(path).resolve()


def is_number(value: Any) -> bool:
    """Whether a value is sorted by size."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def columns(names: list[str], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """How each column of a table looks: its class, and for a share the longest value, whose bar fills the cell."""
    described = []
    for place, name in enumerate(names):
        known = [row[place] for row in rows if row[place] is not None]
        numeric = bool(known) and all(is_number(value) for value in known)
        is_share = numeric and name.endswith(" %") and not name.endswith((", %", "Low %", "High %"))
        kind = "number" if numeric else "id" if name.endswith(" id") else "mark" if name in MARKS else ""
        if name.endswith(" id") and place and all(row[place] == row[place - 1] for row in rows):
            kind = "twin"  # there are no names, so that the column before holds the id
        described.append({"name": name, "place": place, "kind": kind, "longest": max(known) if is_share else 0})
    return described


def text(value: Any, column: str = "") -> str:
    """A value as the page shows it; the value itself stands beside it in the attribute data-value."""
    if value is None or value != value:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%-d %b %Y, %H:%M}"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    if isinstance(value, float):
        if "%" in column and abs(value) >= 1:
            return f"{value:,.1f}"
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
    return f"{value:,}" if is_number(value) else str(value)
