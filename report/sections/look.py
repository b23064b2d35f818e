"""Look at one: users with what they had and are shown, items with what goes with them."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Card, Cards, Note, Section
from ..thumbnails import thumbnail
from ..warehouse import ReportError, Warehouse

USERS = 60
ITEMS = 120
Part = tuple[str, str, str]  # query, title, and the column by which rows belong to a card


def section(warehouse: Warehouse) -> Section:
    """A sample to search in, and those who were asked for."""
    users = cards(
        warehouse, "user", USERS, warehouse.users,
        [("look/shown", "Shown", "user_id"), ("look/had", "Had, most often first", "user_id")],
    )  # fmt: skip
    items = cards(
        warehouse, "item", ITEMS, warehouse.items,
        [("look/similar", "Similar", "item_id"), ("look/together", "Bought together", "item_id"),
         ("look/audience", "Whom to tell", "item_id")],
    )  # fmt: skip
    return Section("look", "Look at one", [users, items])


def cards(warehouse: Warehouse, kind: str, most: int, asked: list[str], parts: list[Part]) -> Block:
    """Users or items as cards. Raises ReportError where one that was asked for is not there."""
    query = f"look/{kind}s"
    missing = warehouse.missing(warehouse.text(query, asked=[], most=most))
    if missing:
        return Note(f"{kind.capitalize()}s: left out, since there is no table {missing[0]}.")
    sample = warehouse.answer(query, asked=[], most=most).records
    chosen = warehouse.answer(query, asked=asked, most=len(asked)).records if asked else []
    unknown = set(asked) - {str(row[f"{kind.capitalize()} id"]) for row in chosen}
    if unknown:
        raise ReportError(f"there is no {kind} {', '.join(sorted(unknown))}")
    return made(warehouse, kind, [*chosen, *(row for row in sample if row not in chosen)], parts)


def made(warehouse: Warehouse, kind: str, rows: list[dict[str, Any]], parts: list[Part]) -> Cards:
    """The cards of these rows."""
    name, key = kind.capitalize(), f"{kind.capitalize()} id"
    ids = [str(row[key]) for row in rows]
    tables = {title: by_card(warehouse, query, column, ids) for query, title, column in parts}
    facts = by_fact(warehouse, kind, ids)
    pictures = by_item(warehouse, ids) if kind == "item" else {}
    made = []
    for row in rows:
        own = str(row[key])
        counted = [(fact, value) for fact, value in row.items() if fact not in (name, key) and value is not None]
        counted += facts.get(own, [])
        found = [(title, *columns_rows[own]) for title, columns_rows in tables.items() if own in columns_rows]
        about = [("About it" if kind == "item" else "About them", ["What", "Value"], counted)] if counted else []
        made.append(Card(str(row[name]), own, found + about, pictures.get(own, "")))
    note = f"A sample of {len(made)}. Any other one: two-tower report --{kind} ID."
    return Cards(f"{name}s", f"Search {kind}s by name or id", made, note)


def by_card(
    warehouse: Warehouse, query: str, column: str, ids: list[str]
) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Columns and rows of a query by the card that they belong to, the column of the card taken out."""
    if not ids or warehouse.missing(warehouse.text(query, ids=ids)):
        return {}
    answer = warehouse.answer(query, ids=ids)
    place = answer.columns.index(column)
    found: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
    for row in answer.rows:
        found.setdefault(str(row[place]), (answer.columns[place + 1 :], []))[1].append(row[place + 1 :])
    return found


def by_item(warehouse: Warehouse, ids: list[str]) -> dict[str, str]:
    """Small pictures by item. Raises ReportError where there is no such column, or where it holds no pictures."""
    column = warehouse.picture
    if not column or not ids:
        return {}
    kind = warehouse.tables.get("stg_items", {}).get(column)
    if kind not in ("BLOB", "VARCHAR"):
        raise ReportError(f"stg_items has no column {column!r} of paths or BLOBs; name one with --item-picture")
    rows = warehouse.answer("look/pictures", ids=ids, column=column).records
    return {str(row["item_id"]): thumbnail(row["picture"], warehouse.pictures_root) for row in rows}


def by_fact(warehouse: Warehouse, kind: str, ids: list[str]) -> dict[str, list[tuple[str, Any]]]:
    """What stg_items or stg_users says of each, without what is unknown; long values are cut."""
    if not ids or not warehouse.has(f"stg_{kind}s"):
        return {}
    key = f"{kind}_id"
    records = warehouse.answer("look/facts", ids=ids, kind=kind).records
    left_out = (key, warehouse.picture)
    return {
        str(row[key]): [
            (name, str(value)[:200]) for name, value in row.items() if name not in left_out and value is not None
        ]
        for row in records
    }
