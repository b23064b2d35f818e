"""What `top_k` is given by SQL, as the kernels read it; whatever does not fit is an error that names it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..arrays import Floats, as_matrix, as_numbers
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


def as_users(users: pa.StructArray, items: Items) -> Users:
    """The fields that matter. Raises ValueError when a length or a position does not fit the items."""
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
    return Users(vectors, numbers, np.cumsum([0, *lengths]), segment_numbers)
