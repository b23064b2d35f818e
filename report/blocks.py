"""What a section is made of: sentences, figures, and tables that may have a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .warehouse import Answer, Warehouse


@dataclass(frozen=True)
class Note:
    """A plain sentence. state: "good", "look" (somebody should look at it) or "" (neither)."""

    text: str
    state: str = ""
    kind: str = "note"


@dataclass(frozen=True)
class Figures:
    """A few numbers with their names."""

    values: list[tuple[str, Any]]
    query: str = ""
    kind: str = "figures"


@dataclass(frozen=True)
class Table:
    """Rows of a query under its own column names. pictures: drawn from these rows, as SVG with a description each."""

    title: str
    answer: Answer
    note: str = ""
    pictures: list[tuple[str, str]] = field(default_factory=list)
    kind: str = "table"


@dataclass(frozen=True)
class Card:
    """One user or item: its name and id, and tables about it, of which only the first columns are shown."""

    name: str
    id: str
    tables: list[tuple[str, list[str], list[tuple[Any, ...]]]]
    picture: str = ""  # a data URI


@dataclass(frozen=True)
class Cards:
    """Users or items to search in."""

    title: str
    label: str
    cards: list[Card]
    note: str
    kind: str = "cards"


Block = Note | Figures | Table | Cards
Picture = Callable[[list[dict[str, Any]]], tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """A question that the page answers. name: its anchor."""

    name: str
    question: str
    blocks: list[Block]


def table(
    warehouse: Warehouse, name: str, title: str, note: str = "", empty: str = "", pictures: tuple[Picture, ...] = (),
    **values: Any,
) -> Block:  # fmt: skip
    """The rows of a query; a sentence instead where a table that it reads is missing, or where it has no rows."""
    missing = warehouse.missing(warehouse.text(name, **values))
    if missing:
        return Note(f"{title.rstrip('?')}: left out, since there is no table {missing[0]}.")
    answer = warehouse.answer(name, **values)
    if not answer.rows:
        return Note(empty or f"{title}: nothing to show.")
    return Table(title, answer, note, [picture(answer.records) for picture in pictures])
