"""Examples of a handful of users and items with every kind of column, and with everything that may be missing."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from two_tower.training.inputs.examples import Examples, build_examples

CODES = {"user": {"age": 3}, "item": {"item_index": 4, "brand": 2, "tags": 3}}
CHANGING = {"users", "recent_users", "item_index"}  # columns of items
LISTS = {"history_items": pa.int64(), "history_days": pa.float32(), "history_interactions": pa.float32(),
         "history_recency_weights": pa.float32(), "history_intervals": pa.float32()}  # fmt: skip


def user_rows() -> pa.Table:
    """Users at three cutoffs: one with everything, one unknown, one without history, one with a long one."""
    rows = []
    for cutoff in (1, 2, 3):
        for user, age, spend, codes in (
            ("a", 1, 3.5, [1, 2]), ("b", 0, None, [3]), ("c", 2, -1.0, None), ("d", 3, 1e6, [4, 3, 2, 1]),
        ):  # fmt: skip
            history = codes or []
            rows.append(
                {"cutoff": cutoff, "user_id": user, "age": age, "spend": spend, "history_items": codes,
                 "history_days": [float(i) for i in range(len(history))] if codes else None,
                 "history_interactions": [float(1 + i) for i in range(len(history))] if codes else None,
                 "history_recency_weights": [1.0 / (1 + i) for i in range(len(history))] if codes else None,
                 "history_intervals": [2.0 * i for i in range(len(history))] if codes else None}
            )  # fmt: skip
    schema = pa.schema(
        [("cutoff", pa.int32()), ("user_id", pa.string()), ("age", pa.int64()), ("spend", pa.float32())]
        + [(name, pa.list_(kind)) for name, kind in LISTS.items()]
    )
    return pa.Table.from_pylist(rows, schema)


def item_rows() -> pa.Table:
    """Items at three cutoffs, the last one new: no code, no brand, no price, no tags, no picture."""
    rows = [
        {"cutoff": cutoff, "item_id": item, "item_index": code, "brand": brand, "tags": tags, "price": price,
         "picture": picture, "users": float(code), "recent_users": None if item == "s" else float(code)}
        for cutoff in (1, 2, 3)
        for item, code, brand, tags, price, picture in (
            ("p", 1, 1, [1, 2], 1.0, [0.1, 0.2]), ("q", 2, 2, [3], None, None), ("r", 3, 0, [], 2.0, [1.0, 0.0]),
            ("s", 4, 1, [1], 0.0, [0.5, 0.5]), ("t", 0, 0, [], None, None),
        )
    ]  # fmt: skip
    schema = pa.schema(
        [("cutoff", pa.int32()), ("item_id", pa.string()), ("item_index", pa.int64()), ("brand", pa.int64()),
         ("tags", pa.list_(pa.int64())), ("price", pa.float32()), ("picture", pa.list_(pa.float32(), 2)),
         ("users", pa.float32()), ("recent_users", pa.float32())]
    )  # fmt: skip
    return pa.Table.from_pylist(rows, schema)


def pairs(rows: list[tuple[int, str, str, bool]]) -> pa.Table:
    names = ("cutoff", "user_id", "item_id", "is_repeat")
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


def make_examples(repeats: bool = True, new_codes: Mapping[str, Mapping[int, int]] = {}) -> Examples:
    """Examples in which "a" has again what "a" had, or in which nobody does; new_codes: by column and code above."""
    of_a = ("a", "p", True) if repeats else ("a", "t", False)
    targets = pairs([(s, u, i, r) for s in (2, 3) for u, i, r in (of_a, ("b", "q", False), ("d", "t", False))])
    had = pairs([(2, "a", "p", True), (2, "b", "r", True)])
    users, items = (recoded(rows, new_codes) for rows in (user_rows(), item_rows()))
    return build_examples(users, items, items, targets, had, CODES, CHANGING, 1)


def recoded(rows: pa.Table, new_codes: Mapping[str, Mapping[int, int]]) -> pa.Table:
    """The rows with other codes in some columns."""
    found = rows.to_pylist()
    for row in found:
        for column in new_codes.keys() & row.keys():
            old, new = row[column], new_codes[column]
            row[column] = [new.get(code, code) for code in old] if isinstance(old, list) else new.get(old, old)
    return pa.Table.from_pylist(found, rows.schema)
