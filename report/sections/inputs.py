"""The inputs: what the columns are read as, what is missing, and what fits nothing."""

from __future__ import annotations

from .. import charts
from ..blocks import Block, Section, table
from ..warehouse import Warehouse, quoted

MOST_COLUMNS = 60


def section(warehouse: Warehouse) -> Section:
    """Columns, events, unknown keys, and items that may be no products."""
    blocks: list[Block] = [
        table(warehouse, "inputs/weeks", "Events a week", "The last 110; the first and the last may be no whole weeks.",
              pictures=(weekly,)),
        table(warehouse, "inputs/unknown_keys", "Unknown keys", "Events whose item or user is in no table.",
              "Every event has a known item and a known user."),
        table(warehouse, "inputs/no_products", "Had by most users",
              "What nearly everybody has may be no product: a bag, a deposit, a voucher."),
        columns(warehouse),
    ]  # fmt: skip
    return Section("inputs", "What goes in?", blocks)


def weekly(rows: charts.Rows) -> charts.Picture:
    """The line of events, oldest first."""
    return charts.line(rows[::-1], "Week", "Events", time=True)


def columns(warehouse: Warehouse) -> Block:
    """Every column of users and items."""
    given = [
        (name, column, type_)
        for name in ("stg_items", "stg_users")
        for column, type_ in warehouse.tables.get(name, {}).items()
    ]

    def how(name: str, column: str, _: str) -> str:
        if column in ("item_id", "user_id"):
            return "key"
        inputs = warehouse.tables.get({"stg_items": "item_inputs", "stg_users": "user_inputs"}[name], {})
        return reading(inputs[column]) if column in inputs else "not read by the towers"

    note = "Read as: by the column's type, or by meta two_tower_encoding in the yml. Other types are not read."
    return table(warehouse, "inputs/columns", "Columns", note, columns=given[:MOST_COLUMNS], reading=how, quoted=quoted)


def reading(data_type: str) -> str:
    """How the towers get a column, by its type in item_inputs or user_inputs."""
    if data_type.endswith("[]"):
        return "list or text"
    if data_type.endswith("]"):
        return "vector"
    return "category" if data_type == "BIGINT" else "number"
