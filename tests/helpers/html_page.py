"""A page of the report as its tests read it: a strict parser, and tables with the query behind each."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from two_tower.report.page import text
from two_tower.report.warehouse import opened

VOID = {"meta", "input", "br", "img"}


@dataclass
class Grid:
    """A table: headings, and cells as (text, data-value)."""

    heads: list[str] = field(default_factory=list)
    rows: list[list[tuple[str, str | None]]] = field(default_factory=list)
    query: str = ""


class Page(HTMLParser):
    """Parses and fails on a tag that is not closed, closed twice, or nested the wrong way. text: what people see."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.grids: list[Grid] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"twice the same attribute: {attrs}"
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
            self.attributes.append(attributes)
        if tag == "table":
            self.grids.append(Grid())
        if tag == "tr" and "tbody" in self.open:
            self.grids[-1].rows.append([])
        if tag == "th":
            self.grids[-1].heads.append("")
        if tag == "td":
            self.grids[-1].rows[-1].append(("", attributes.get("data-value")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        self.attributes.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.texts.append(data)
        if "th" in self.open:
            self.grids[-1].heads[-1] += data
        if "td" in self.open:
            text, value = self.grids[-1].rows[-1][-1]
            self.grids[-1].rows[-1][-1] = (text + data, value)
        if "pre" in self.open and self.grids and not self.grids[-1].query:
            self.grids[-1].query = data


def tables_agree(page: Page, database: Path) -> int:
    """Run the query behind each table and compare its answer with the table; the number of tables."""
    queried = [grid for grid in page.grids if grid.query]
    with opened(database) as connection:
        for grid in queried:
            result = connection.execute(grid.query)
            names = [column[0] for column in result.description or []]
            found = result.fetchall()
            places = [names.index(name) for name in grid.heads]
            shown = [[text(row[place], names[place]) for place in places] for row in found]
            assert [[cell for cell, _ in row] for row in grid.rows] == shown, grid.heads
            for row, values in zip(grid.rows, found, strict=True):
                for (_, kept), place in zip(row, places, strict=True):
                    assert kept is None or float(kept) == pytest.approx(values[place]), grid.heads
    return len(queried)
