"""From a baseline's scores to its lists: exact top-k in blocks of users, exclusions, ties, popular fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from .matrix import FloatArray, IntArray, Interactions, codes_of, weigh

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation as Relation
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from .models import Scorer

Policy = Literal["allow_repeats", "unseen_only"]
BLOCK_CELLS = 32_000_000  # scores held at once: 128 MB of float32


@dataclass(frozen=True)
class World:
    """What a baseline may know at one cutoff: its users, its catalogue, its history and what is popular.

    user_ids [users] and item_ids [items] are ordered by the md5 of the id, so that a tie broken by code is a tie
    broken by md5. seen [users, items] is binary. popular [items] lists the codes from the most popular on,
    popularity [items] the number behind it.
    """

    user_ids: pa.Array
    item_ids: pa.Array
    interactions: Interactions
    seen: csr_matrix
    popular: IntArray
    popularity: NDArray[np.float64]


def read_world(splits: Relation, targets: Relation, item_features: Relation, interests: Relation, cutoff: int) -> World:
    """Read a World from the relations interaction_splits, cutoff_targets, item_features and user_interests.

    The history of cutoffs 1 and 2 is window_number >= cutoff, whatever the split. Users are those of the history, of
    the interests and of the targets. An event's age counts from the newest event of the history. What a user turned to
    and never had is one event more, of the weight that its types have.
    """
    history = splits.filter(f"window_number >= {cutoff:d}")
    turned_to = interests.filter(f"cutoff = {cutoff:d} and interactions = 0 and recency_weight > 0")
    known = history.project("user_id").union(turned_to.project("user_id"))
    known = known.union(targets.filter(f"cutoff = {cutoff:d}").project("user_id"))
    user_ids = _column(known.distinct().order("md5(user_id) asc"), "user_id")
    items = item_features.filter(f"cutoff = {cutoff:d}").project(
        "item_id, cast(recent_users as double) as recent_users, cast(users as double) as users"
    )
    catalogue = items.order("md5(item_id) asc").to_arrow_table()
    item_ids = catalogue["item_id"].combine_chunks()
    recent, users = (np.nan_to_num(catalogue[name].to_numpy()) for name in ("recent_users", "users"))
    events = history.project("user_id, item_id, epoch(event_at) as at").to_arrow_table()
    at = events["at"].to_numpy()
    others = turned_to.project("user_id, item_id, days_since_last, interest").to_arrow_table()
    seen, both = (
        (codes_of(_chunk(table, "user_id"), user_ids), codes_of(_chunk(table, "item_id"), item_ids))
        for table in (events, pa.concat_tables([t.select(["user_id", "item_id"]) for t in (events, others)]))
    )
    ages = np.concatenate([(at.max(initial=-np.inf) - at) / 86_400, others["days_since_last"].to_numpy()])
    weights = np.concatenate([np.ones(len(at)), others["interest"].to_numpy()])
    shape = (len(user_ids), len(item_ids))
    known_had = weigh(Interactions.of(*seen, ages[: len(at)], shape), "binary")
    popular = np.lexsort((-users, -recent)).astype(np.int64)  # stable: ties stay in md5 order
    return World(user_ids, item_ids, Interactions.of(*both, ages, shape, weights), known_had, popular, recent)


def users_to_measure(targets: Relation, world: World) -> IntArray:
    """Codes of the users that the evaluation measures, ascending: lists of others are of no use."""
    wanted = _column(targets.filter("is_measured").project("user_id").distinct(), "user_id")
    return np.sort(codes_of(wanted, world.user_ids))


def _column(relation: Relation, name: str) -> pa.Array:
    return _chunk(relation.to_arrow_table(), name)


def _chunk(table: pa.Table, name: str) -> pa.Array:
    return (
        pa.concat_arrays(table[name].chunks) if table[name].num_chunks else pa.array([], table.schema.field(name).type)
    )


def top_codes(scores: FloatArray, k: int) -> IntArray:
    """Codes of the k best of each row, best first, ties by the smaller code; [rows, min(k, items)].

    A cell of -inf is never listed: its place holds -1. Raises ValueError on NaN.
    """
    width = min(k, scores.shape[1])
    if not scores.size or not width:
        return np.full((len(scores), width), -1, dtype=np.int64)
    if np.isnan(scores.max()):
        raise ValueError("a baseline scored NaN; its fit diverged (too little regularization?)")
    # the k-th best score by torch: numpy's selection is slow where many cells are equal
    border = torch.from_numpy(scores).topk(width, dim=1).values[:, -1:].numpy()
    rows, codes = np.nonzero((scores >= border) & (scores > -np.inf))
    order = np.lexsort((-scores[rows, codes], rows))  # stable: ties stay in the order of the codes
    rows, codes = rows[order], codes[order]
    places = np.arange(len(rows)) - np.searchsorted(rows, rows)
    top = np.full((len(scores), width), -1, dtype=np.int64)
    listed = places < width
    top[rows[listed], places[listed]] = codes[listed]
    return top


def fill(codes: IntArray, popular: IntArray, excluded: IntArray) -> IntArray:
    """One list with its places of -1 filled by the most popular codes neither listed nor excluded; [k].

    Places stay -1 only where the catalogue has run out.
    """
    listed = codes[codes >= 0]
    missing = len(codes) - len(listed)
    taken = np.concatenate([listed, excluded])
    candidates = popular[: missing + len(taken)]
    fresh = candidates[~np.isin(candidates, taken)][:missing]
    filled = np.full_like(codes, -1)
    filled[: len(listed)] = listed
    filled[len(listed) : len(listed) + len(fresh)] = fresh
    return filled


@dataclass(frozen=True)
class Lists:
    """users [n] by code; codes [n, k] of items (-1 = none left), scores [n, k], scored [n, k]: False = popular fill."""

    users: IntArray
    codes: IntArray
    scores: NDArray[np.float64]
    scored: NDArray[np.bool_]


def users_at_once(items: int) -> int:
    """How many users are scored in one block."""
    return max(1, BLOCK_CELLS // max(1, items))


def best_lists(scorer: Scorer, world: World, policy: Policy, k: int, users: IntArray | None = None) -> Lists:
    """The k best items of users (None = all) under a policy ('unseen_only' leaves out what they had), always filled up.

    Raises ValueError for an unknown policy or a k below 1.
    """
    if policy not in ("allow_repeats", "unseen_only"):
        raise ValueError(f"policy must be 'allow_repeats' or 'unseen_only', got {policy!r}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    n_users, n_items = world.seen.shape
    rows = np.arange(n_users) if users is None else users
    width = min(k, n_items)
    codes, scores = np.full((len(rows), width), -1, dtype=np.int64), np.zeros((len(rows), width))
    scored = np.zeros((len(rows), width), dtype=np.bool_)
    step = users_at_once(n_items)
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        values = scorer(block)
        seen = world.seen[block]
        if policy == "unseen_only":
            values[seen.nonzero()] = -np.inf
        top = top_codes(values, width)
        own = slice(start, start + len(block))
        scored[own] = top >= 0
        for row in np.flatnonzero((top < 0).any(axis=1)):
            bought = seen.indices[seen.indptr[row] : seen.indptr[row + 1]].astype(np.int64)
            top[row] = fill(top[row], world.popular, bought if policy == "unseen_only" else bought[:0])
        codes[own] = top
        model_scores = np.take_along_axis(values, np.maximum(top, 0), axis=1)
        scores[own] = np.where(scored[own], model_scores, world.popularity[np.maximum(top, 0)])
    return Lists(rows, codes, scores, scored)


def list_table(model: str, policy: Policy, lists: Lists, world: World) -> pa.Table:
    """Lists in the shape every recommender shares: model, policy, user_id, rank, item_id, score, run_id, source."""
    user, place = np.nonzero(lists.codes >= 0)
    rows = len(user)
    source = np.where(lists.scored[user, place], 0, 1)
    return pa.table(
        {
            "model": pa.repeat(model, rows),
            "policy": pa.repeat(policy, rows),
            "user_id": pc.take(world.user_ids, pa.array(lists.users[user])),
            "rank": pa.array(place + 1, type=pa.int32()),
            "item_id": pc.take(world.item_ids, pa.array(lists.codes[user, place])),
            "score": pa.array(lists.scores[user, place]),
            "run_id": pa.nulls(rows, pa.string()),
            "source": pc.take(pa.array([model, "fallback"]), pa.array(source)),
        }
    )
