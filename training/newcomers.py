"""What items that nobody had are found by: what their feature values say of who would have them.

Few users teach the content part little in its few steps, and the factors' own regression weighs thousands of items that
hardly anyone had like those that many had. So, once all is fitted, values learn directly what is wanted of them: scores
of those users who had items of that kind. Items that anyone had stay as they are.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor

from .examples import Examples, Index, even_sample
from .factors import feature_values
from .linear import ridge
from .two_towers import TwoTowers
from .validation import ITEMS_AT_ONCE, blocks

MOST_USERS = 50_000  # an even sample of so many teaches, if there are more
FEW = 20.0  # items: a feature value that so many share counts half of what they have in common
DAMPING = 0.003  # of the mean square of a dimension of users


@torch.no_grad()
def fit_newcomers(towers: TwoTowers) -> Tensor:
    """Vectors [V, F + H], rows as of feature_places: their sum over an item's values joins its factors and content.

    Two ridge regressions: of who had each item (1 over the root of the length of the history, or long ones would decide
    alone) on the users' factors and content, and of what that finds on the items' values. The scale is the one at which
    they tell most of the scores of those items: a least square over the same users.
    """
    towers.eval()
    examples, snapshot = towers.examples, towers.examples.serve
    rows = even_sample(examples.rows_of(range(snapshot, snapshot + 1), with_targets=False), MOST_USERS)
    histories = histories_of(examples, rows)
    known = np.flatnonzero(np.diff(histories.tocsc().indptr))
    values = csr_matrix(feature_values(examples, snapshot)[:, known].T)  # [known, V]
    if not values.nnz:
        return torch.zeros_like(towers.item.newcomers)
    taste = slice(towers.config.memory_dim, -2)
    users = np.concatenate([towers.users(block, "new")[:, taste].numpy() for block in blocks(rows)])
    catalogue = np.array_split(examples.code_items[known], -(-len(known) // ITEMS_AT_ONCE))
    learned = np.concatenate([towers.items(snapshot, piece)[:, taste].numpy() for piece in catalogue])
    gram = users.T @ users
    if not gram.any():  # neither factors nor content count in this shop
        return torch.zeros_like(towers.item.newcomers)
    damped = gram + DAMPING * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=np.float32)
    who_had = np.linalg.solve(damped, (histories.T @ users)[known].T).T
    vectors = ridge(values, who_had.astype(np.float32), FEW)
    told = values @ vectors
    scale = float(((told @ gram) * learned).sum()) / max(float(((told @ gram) * told).sum()), 1e-30)
    return torch.from_numpy(max(scale, 0.0) * vectors)


def histories_of(examples: Examples, rows: Index) -> csr_matrix:
    """Which items the users of the rows had, [rows, C]: 1 over the root of how many these are."""
    lengths = np.diff(examples.histories.offsets)[rows]
    shares: NDArray[np.float32] = (np.repeat(lengths, lengths) ** -0.5).astype(np.float32)
    codes = examples.histories.values[examples.histories.cells(rows)].astype(np.int64)
    places = (np.repeat(np.arange(len(rows)), lengths), codes)
    found = csr_matrix((shares * (codes > 0), places), shape=(len(rows), len(examples.code_items)))
    found.eliminate_zeros()  # code 0 stands for all unknown items
    return found
