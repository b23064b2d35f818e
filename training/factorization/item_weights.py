"""What having one item says for others: the weights of EASE, of which each given item keeps the largest."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..inputs.sample import sample_of_users, share_of_users
from .linear import MOST, ease_weights

Floats = NDArray[np.float32]
Index = NDArray[np.int64]
REGULARIZATION = 100.0  # times the mean square of the entries
KEPT = 100  # weights of a given item, so that a history of n items has at most KEPT n to add up
BLOCK = 1024  # items whose weights are sorted at once
SCHEMA = pa.schema(
    [("stage", pa.string()), ("item_id", pa.string()), ("given_item_id", pa.string()), ("weight", pa.float64())]
)


def item_weights(
    histories: duckdb.DuckDBPyRelation, stages: duckdb.DuckDBPyRelation, newest: int, most: int = 0
) -> pa.Table:
    """Weights by stage (SCHEMA): `weight` is what a user's `given_item_id` says for `item_id`.

    histories: cutoff, user_id, item_id, position, recency_weight; the `newest` items of each history count, by the
    logarithm of how often and how lately they were had. stages: stage, cutoff. most: users to learn from, 0 = all.
    EASE (Steck 2019) predicts each history from itself, an item's own entry left out. With more than `linear.MOST`
    items the most popular ones count.
    """
    tables = []
    for stage, cutoff in stages.order("cutoff asc").select("stage, cutoff").fetchall():
        rows = histories.filter(f"cutoff = {cutoff} and position <= {newest}")
        rows = sample_of_users(rows, share_of_users(rows, most))
        known = rows.order("user_id asc, item_id asc").select("user_id, item_id, recency_weight").to_arrow_table()
        tables.append(weights_of_stage(stage, known))
    return pa.concat_tables(tables).cast(SCHEMA) if tables else SCHEMA.empty_table()


def weights_of_stage(stage: str, known: pa.Table) -> pa.Table:
    """The same of one stage, from user_id, item_id and recency_weight."""
    users, items = (known[name].combine_chunks().dictionary_encode() for name in ("user_id", "item_id"))
    entries = np.log1p(known["recency_weight"].to_numpy())  # of 64 bits, so that a run gives the weights of the last
    shape = (len(users.dictionary), len(items.dictionary))
    matrix = csr_matrix((entries, (users.indices.to_numpy(), items.indices.to_numpy())), shape=shape)
    popularity = np.bincount(matrix.indices, minlength=shape[1])
    counted = np.sort(np.argsort(-popularity, kind="stable")[:MOST])
    if len(counted) < 2:  # nothing speaks for another
        return SCHEMA.empty_table()
    weights = ease_weights(csr_matrix(matrix[:, counted]), REGULARIZATION * float(np.mean(entries**2)))
    given, found, values = largest(weights, min(KEPT, len(counted) - 1))
    ids = items.dictionary.take(pa.array(counted))
    return pa.table(
        {
            "stage": pa.array([stage]).take(pa.array(np.zeros(len(values), np.int64))),
            "item_id": ids.take(pa.array(found)),
            "given_item_id": ids.take(pa.array(given)),
            "weight": np.round(values.astype(np.float64), 6),
        }
    )


def largest(weights: Floats, kept: int) -> tuple[Index, Index, Floats]:
    """Rows, columns and values of the `kept` weights of each row that are the largest in size, the diagonal not."""
    places = []
    for start in range(0, len(weights), BLOCK):
        sizes = np.abs(weights[start : start + BLOCK])
        sizes[np.arange(len(sizes)), np.arange(start, start + len(sizes))] = -1
        columns = np.argpartition(-sizes, kept - 1, axis=1)[:, :kept]
        places.append((np.repeat(np.arange(len(sizes)), kept) + start, columns.ravel()))
    rows, columns = (np.concatenate(part) for part in zip(*places, strict=True))
    return rows, columns, weights[rows, columns]
