"""Embeddings of new items, which hardly anyone had, predicted from their feature values with ridge regression.

The feature part learns little from few users in its few steps. The factors' own regression gives thousands of items
that hardly anyone had the weight of those that many had. So the regression comes last and learns the scores themselves:
those of the users who had items of that kind. Items with an index of their own stay as they are.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor

from ..factorization.factors import Vectors, feature_places, feature_values, values_an_item
from ..factorization.linear import ridge
from ..inputs.examples import Examples, Index, even_sample
from .embedder import Embedder
from .validation import blocks

MOST_USERS = 50_000  # an even sample of so many teaches, if there are more
FEW = 20.0  # items: a feature value that so many share counts half of what they have in common
DAMPING = 0.003  # of the mean square of a dimension of users


@torch.no_grad()
def fit_new_items(embedder: Embedder, cutoff: int) -> Tensor:
    """Vectors [V, F + H], rows as of feature_places: their sum over an item's values joins its factors and features.

    Two ridge regressions: of who had each item (1 over the root of the length of the history, or long ones would decide
    alone) on the users' factors and features, and of what that finds on the items' values. The scale is that at which
    they tell most of the scores of those items: a least square over the same users.
    """
    towers, examples = embedder.towers.eval(), embedder.examples
    rows = even_sample(examples.rows_of(range(cutoff, cutoff + 1), with_targets=False), MOST_USERS)
    histories = histories_of(examples, rows)
    known = np.flatnonzero(np.diff(histories.tocsc().indptr))
    weights = weights_of_features(examples)
    values = csr_matrix(feature_values(examples, cutoff)[:, known].T.multiply(weights))  # [known, V]
    if not values.nnz:
        return torch.zeros_like(towers.item.new_items)
    preference = towers.layout.vectors
    users = np.concatenate([embedder.users(block)[:, preference].numpy() for block in blocks(rows)])
    learned = embedder.items(cutoff, examples.items_by_index[known])[:, preference].numpy()
    gram = users.T @ users
    if not gram.any():  # neither factors nor features count in this shop
        return torch.zeros_like(towers.item.new_items)
    damped = gram + DAMPING * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=np.float32)
    who_had = np.linalg.solve(damped, (histories.T @ users)[known].T).T
    vectors = ridge(values, who_had.astype(np.float32), FEW)
    predicted = values @ vectors
    scale = float(((predicted @ gram) * learned).sum()) / max(float(((predicted @ gram) * predicted).sum()), 1e-30)
    return torch.from_numpy(max(scale, 0.0) * weights[:, None] * vectors)


def weights_of_features(examples: Examples) -> Vectors:
    """Weight of each value, [V]: the more values an item has of a feature, the less each, or words drown categories.

    So all features have the same say before anything is learned; 1 where an item has fewest.
    """
    places, means = feature_places(examples.item_columns).values(), np.array(values_an_item(examples), np.float32)
    fewest = min(means[means > 0], default=1.0)
    weights = [
        np.full(len(own), (fewest / mean) ** 0.5 if mean else 0) for own, mean in zip(places, means, strict=True)
    ]
    return np.concatenate([np.zeros(0), *weights]).astype(np.float32)


def histories_of(examples: Examples, rows: Index) -> csr_matrix:
    """Which items the users of the rows had, [rows, C]: 1 over the root of how many these are."""
    lengths = np.diff(examples.histories.offsets)[rows]
    shares: NDArray[np.float32] = (np.repeat(lengths, lengths) ** -0.5).astype(np.float32)
    codes = examples.histories.values[examples.histories.cells(rows)].astype(np.int64)
    places = (np.repeat(np.arange(len(rows)), lengths), codes)
    found = csr_matrix((shares * (codes > 0), places), shape=(len(rows), len(examples.items_by_index)))
    found.eliminate_zeros()  # code 0 stands for all unknown items
    return found
