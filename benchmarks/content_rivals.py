"""Content of items as rows of numbers, and what it says of items that nobody had without towers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, diags, hstack
from two_tower.training.factorization.linear import ridge
from two_tower.training.inputs.arrays import Ragged, read_inputs


def content_of(items: pa.Table, by_rarity: bool, by_length: bool) -> csr_matrix:
    """Rows [items, any] of what the items' columns say, each column a block: codes, or a vector.

    by_rarity: codes count by inverse document frequency. by_length: blocks and rows have length 1.
    """
    blocks, sized = [], unit if by_length else csr_matrix
    inputs = read_inputs(items, {}, ())
    for column in inputs.columns:
        values = inputs.arrays[column.name]
        if column.name == "item_index" or column.kind == "number":
            continue
        if column.kind == "vector":
            blocks.append(sized(csr_matrix(np.nan_to_num(values))))
            continue
        lists = values if isinstance(values, Ragged) else Ragged(np.arange(len(values) + 1), values)
        codes = lists.values.astype(np.int64)
        counts = csr_matrix((np.ones(len(codes)), codes, lists.offsets), shape=(len(items), codes.max(initial=0) + 1))
        rarity = np.log(len(items) / np.maximum(np.bincount(codes, minlength=counts.shape[1]), 1)).clip(0)
        weights = rarity if by_rarity else np.ones(counts.shape[1])
        weights[0] = 0  # unknown says nothing
        blocks.append(sized(csr_matrix(counts @ diags(weights))))
    return sized(csr_matrix(hstack(blocks))) if blocks else csr_matrix((len(items), 1))


def unit(rows: csr_matrix) -> csr_matrix:
    """The rows at length 1; empty ones stay empty."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return csr_matrix(diags(1 / np.where(lengths > 0, lengths, 1)) @ rows)


def expected_popularity(content: csr_matrix, users: np.ndarray) -> np.ndarray:
    """What content lets expect of the logarithm of users, [items], by ridge regression over the whole catalogue.

    Over items that have users alone, it does not learn which contents nobody wants: Steam .032 instead of .241.
    """
    logs = np.log1p(users).astype(np.float32)
    return np.asarray(content @ ridge(content, (logs - logs.mean())[:, None], 1.0, 40), np.float64)[:, 0]


def ties_of(size: int) -> np.ndarray:
    """What orders items that score the same: next to nothing, by chance."""
    return np.random.default_rng(0).permutation(size) / size / 1e9
