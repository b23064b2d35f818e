"""What `top_k` is given by SQL, as the kernels read it; whatever does not fit is an error that names it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..arrays import Floats, Integers, as_matrix, as_numbers
from .caps_and_pins import Rules
from .types import Adjustment, Items, Users


def as_items(items: pa.Array, adjustments: pa.ListArray | None) -> Items:
    """Items and STRUCT(position, amount)[][]. Raises ValueError when a position does not fit the items."""
    vectors = as_vectors(items)
    adjusted = []
    for rows in adjustments or []:
        positions, amounts = rows.values.field("position"), rows.values.field("amount")
        numbers = as_numbers(positions, "top_k: adjustments", len(items))
        if amounts.null_count:
            raise ValueError("top_k: adjustments hold an amount of NULL; filter it out of the list")
        order = np.argsort(numbers)
        adjusted.append(Adjustment(numbers[order], amounts.to_numpy(zero_copy_only=False).astype(np.float32)[order]))
    return Items(vectors, np.flatnonzero(~np.isfinite(vectors).all(1)), tuple(adjusted))


def as_vectors(items: pa.Array) -> Floats:
    """STRUCT(embedding, position)[] or FLOAT[d][], by position. Raises ValueError unless each item has its own."""
    if not pa.types.is_struct(items.type):
        return as_matrix(items, "top_k: items")
    fields = dict(zip((field.name for field in items.type), items.flatten(), strict=True))
    if not {"embedding", "position"} <= set(fields):
        raise ValueError(f"top_k: items are {items.type}; give structs with the fields 'embedding' and 'position'")
    vectors = as_matrix(fields["embedding"], "top_k: items.embedding")
    places = np.full(len(items), -1)
    places[as_numbers(fields["position"], "top_k: items.position", len(items))] = np.arange(len(items))
    if (places < 0).any():
        missing = np.argmin(places) + 1
        raise ValueError(f"top_k: items.position lacks {missing}; number the items from 1 to {len(items)}")
    return vectors.take(places, axis=0)


def as_users(users: pa.StructArray, items: Items, k: int) -> Users:
    """The fields that matter. Raises ValueError when a length or a position does not fit the items, or a place k."""
    if not pa.types.is_struct(users.type) or users.type.get_field_index("embedding") < 0:
        raise ValueError(f"top_k: users are {users.type}; give structs with a field 'embedding'")
    fields = dict(zip((field.name for field in users.type), users.flatten(), strict=True))
    vectors = as_matrix(fields["embedding"], "top_k: users.embedding")
    n, m = len(users), len(items.vectors)
    if n and m and vectors.shape[1] != items.vectors.shape[1]:
        raise ValueError(
            f"top_k: users.embedding has {vectors.shape[1]} dimensions and items {items.vectors.shape[1]}; "
            "both must come from the same run"
        )
    excluded = fields.get("excluded", pa.nulls(n)).cast(pa.list_(pa.int32()))
    lengths = excluded.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    numbers = as_numbers(excluded.flatten(), "top_k: users.excluded", m)
    segments = fields.get("segment", pa.nulls(n)).cast(pa.int32()).fill_null(0)
    segment_numbers = as_numbers(segments, "top_k: users.segment", len(items.adjustments), least=-1)
    scales = fields.get("scale", pa.nulls(n)).cast(pa.float32()).fill_null(1.0).to_numpy(zero_copy_only=False)
    pins = as_pins(fields["pins"], m, k) if "pins" in fields else ()
    return Users(vectors, numbers, np.cumsum([0, *lengths]), segment_numbers, scales, pins)


def as_pins(pins: pa.ListArray, items: int, k: int) -> tuple[dict[int, int], ...]:
    """STRUCT(position, place)[] of each user. Raises ValueError unless each has an item and a place of its own."""
    as_numbers(pins.flatten().field("position"), "top_k: users.pins", items)
    as_numbers(pins.flatten().field("place"), "top_k: places of users.pins, as a list has them,", k)
    rows = [row or [] for row in pins.to_pylist()]
    found = tuple({pin["place"] - 1: pin["position"] - 1 for pin in row} for row in rows)
    for row, by_place in zip(rows, found, strict=True):
        if len(set(by_place.values())) < len(row):
            raise ValueError(f"top_k: users.pins {row} have an item or a place twice; keep one of them")
    return found


def as_rules(kinds: pa.ListArray, caps: pa.Array, items: int) -> Rules:
    """INTEGER[][] and INTEGER[]. Raises ValueError unless each item has one kind for each cap above 0."""
    width = len(caps)
    if len(kinds) != items or (items and set(kinds.value_lengths().to_pylist()) != {width}):
        raise ValueError(f"top_k: kinds are {len(kinds)} lists for {items} items; each must have {width} numbers")
    if caps.null_count or kinds.flatten().null_count:
        raise ValueError("top_k: kinds or caps hold NULL; give an item without a kind a number of its own")
    lowest = min(caps.to_pylist(), default=1)
    if lowest < 1:
        raise ValueError(f"top_k: a cap is {lowest}; give at least 1, and leave out of the items what nobody may get")
    numbers = kinds.flatten().to_numpy(zero_copy_only=False).reshape(items, width)
    return Rules(numbers.astype(np.int64), caps.to_numpy(zero_copy_only=False).astype(np.int64))


def as_sizes(sizes: pa.Array, items: int) -> Integers:
    """Lengths of the groups. Raises ValueError when they do not make up all items."""
    if sizes.null_count:
        raise ValueError("top_k: sizes hold NULL; filter it out of the list")
    numbers: Integers = sizes.to_numpy(zero_copy_only=False).astype(np.int64)
    if numbers.sum() != items or (numbers < 1).any():
        raise ValueError(f"top_k: sizes add up to {numbers.sum()}, and there are {items} items; no group may be empty")
    return numbers
