"""The page of lists, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "lists.md"
SECTION = re.compile(r"^## (\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Section:
    """What the page says of one list: pairs of task and baseline, a query and its rows, columns first."""

    proofs: list[tuple[str, str]]
    query: str
    rows: list[list[str]]


def lists_page() -> dict[str, Section]:
    """The sections of the page by the name of their list."""
    return {name: _section(text) for name, text in SECTION.findall(PAGE.read_text())}


def _section(text: str) -> Section:
    (query,), (rows,) = (
        re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) for kind in ("sql", "text")
    )
    proofs = [(task, baseline) for task, baseline in re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)][1:]
    cells = [[cell.strip() for cell in line.split("|")] for line in rows.splitlines()]
    return Section(proofs, query.strip().removesuffix(";"), cells)
