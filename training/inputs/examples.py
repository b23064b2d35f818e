"""Training examples of one stage: users at cutoffs, what they had, and what they went on to do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .arrays import NOT_INPUTS, Array, Column, Inputs, Ragged, read_inputs

Index = NDArray[np.int64]
BLOCK = 65_536  # rows that are looked through at once


@dataclass(frozen=True)
class Examples:
    """Everything a fit reads. I items, C item indexes; user rows are (cutoff, user) pairs.

    Cutoffs count back from the one that is served: `serving_cutoff` itself has no targets yet, serving_cutoff + 1 is
    the validation cutoff, older ones are for training.
    """

    users: Inputs
    items: Inputs  # what does not change; rows are catalogue items [I]
    behaviour: Inputs  # what was done with an item until a cutoff; rows are (cutoff, item) pairs
    serving_cutoff: int
    item_rows: dict[int, Index]  # cutoff -> row of `behaviour` of each catalogue item [I]
    catalogue: pa.Array  # item ids [I], sorted
    items_by_index: Index  # catalogue item of each item index [C], -1 for index 0
    targets: Ragged  # per user row: catalogue items
    is_new: Ragged  # per target: not among what the user ever had
    repeated: Ragged  # per history item: had before, and in the targets
    seen: Ragged  # per user row of the validation cutoff: catalogue items that the user ever had

    @property
    def item_columns(self) -> tuple[Column, ...]:
        """Columns of the item tower."""
        return self.behaviour.columns + self.items.columns

    @property
    def histories(self) -> Ragged:
        """Item indexes of each user row's history, newest first."""
        histories = self.users.arrays["history_items"]
        assert isinstance(histories, Ragged)
        return histories

    def rows_of(self, cutoffs: range, with_targets: bool) -> Index:
        """User rows of the cutoffs that have something to learn from."""
        inside = np.isin(self.users.cutoffs, np.asarray(cutoffs))
        lengths = np.diff(self.targets.offsets if with_targets else self.histories.offsets)
        return np.flatnonzero(inside & (lengths > 0))

    def user_batch(self, rows: Index) -> dict[str, Array]:
        """User inputs of the rows, lists padded with zeros to the batch's longest."""
        return gather(self.users, rows)

    def item_batch(self, cutoff: int, items: Index) -> dict[str, Array]:
        """Item inputs [n] of catalogue items as of a cutoff."""
        return gather(self.behaviour, self.item_rows[cutoff][items]) | gather(self.items, items)

    def item_indexes(self, cutoff: int) -> Index:
        """Index of each catalogue item [I] as of a cutoff, 0 for rare ones."""
        return np.asarray(self.behaviour.arrays["item_index"])[self.item_rows[cutoff]].astype(np.int64)

    def item_values(self, name: str, cutoff: int) -> Array | Ragged:
        """What each catalogue item [I] has in a column as of a cutoff."""
        if name in self.items.arrays:
            return self.items.arrays[name]
        values, rows = self.behaviour.arrays[name], self.item_rows[cutoff]
        return values.of(rows) if isinstance(values, Ragged) else values[rows]


def gather(inputs: Inputs, rows: Index) -> dict[str, Array]:
    """Input arrays of the rows by name; an integer list becomes int64 [n, longest], a float list float32."""
    return {
        name: values.padded(rows) if isinstance(values, Ragged) else values[rows]
        for name, values in inputs.arrays.items()
    }


def build_examples(
    users: pa.Table, items: pa.Table, behaviour: pa.Table, targets: pa.Table, seen: pa.Table,
    sizes: dict[str, dict[str, int]], changing: Collection[str], serving_cutoff: int,
) -> Examples:  # fmt: skip
    """Join the input tables of one stage with its targets.

    changing: columns of items that change from cutoff to cutoff: they are read from `behaviour`, which
    has all cutoffs, the others from the rows of `items` that are served; sizes: number of codes by entity and column,
    {'user': {...}, 'item': {'item_index': ..., ...}}.
    Raises ValueError when nothing is left to learn from.
    """
    user_inputs = read_inputs(users, sizes["user"], ())
    items = items.filter(pc.equal(items["cutoff"], serving_cutoff)).sort_by("item_id")
    catalogue = _distinct(items["item_id"])
    ages = [name for name in behaviour.column_names if name in changing and name not in NOT_INPUTS]
    item_inputs = read_inputs(items.drop_columns(ages), sizes["item"], ())
    item_behaviour = read_inputs(behaviour.select(["cutoff", *ages]), sizes["item"], ages)
    places = positions(behaviour["item_id"], catalogue)
    item_rows = {}
    for cutoff in np.unique(item_behaviour.cutoffs):
        rows = np.flatnonzero(item_behaviour.cutoffs == cutoff)
        item_rows[int(cutoff)] = rows[np.argsort(places[rows])]
    items_by_index = np.full(sizes["item"]["item_index"] + 1, -1, np.int64)
    codes = np.asarray(item_behaviour.arrays["item_index"])[item_rows[serving_cutoff]]
    items_by_index[codes[codes > 0]] = np.flatnonzero(codes > 0)
    histories = user_inputs.arrays["history_items"]
    assert isinstance(histories, Ragged)
    wanted, order = _items_by_row(users, targets, catalogue)
    is_new = Ragged(wanted.offsets, ~np.asarray(targets["is_repeat"].to_numpy(zero_copy_only=False), dtype=bool)[order])
    if not len(wanted.values):
        raise ValueError(
            "cutoff_targets: nothing to learn from: no user of user_inputs has an interaction in a training window; "
            "lower two_tower_test_days or load a longer past into stg_interactions"
        )
    repeated = _among(Ragged(histories.offsets, items_by_index[histories.values]), wanted, len(catalogue))
    times = user_inputs.arrays["history_interactions"]
    assert isinstance(times, Ragged)
    repeated.values[np.asarray(times.values) == 0] = 0.0  # what was merely looked at before it was had
    return Examples(
        user_inputs, item_inputs, item_behaviour, serving_cutoff, item_rows, catalogue, items_by_index, wanted, is_new,
        repeated, _items_by_row(users, seen, catalogue)[0],
    )  # fmt: skip


def positions(ids: pa.ChunkedArray, among: pa.Array) -> Index:
    """Place of each id in `among`, -1 where it is not there."""
    places: Index = pc.fill_null(pc.index_in(ids, value_set=among), -1).to_numpy().astype(np.int64)
    return places


def _items_by_row(users: pa.Table, pairs: pa.Table, catalogue: pa.Array) -> tuple[Ragged, Index]:
    """Catalogue items of each user row, from rows of cutoff, user_id, item_id; and the place of each in `pairs`."""
    ids = _distinct(users["user_id"])
    cutoffs = users["cutoff"].to_numpy().astype(np.int64)
    row_of = np.full((int(cutoffs.max(initial=0)) + 1, len(ids)), -1, np.int64)
    row_of[cutoffs, positions(users["user_id"], ids)] = np.arange(len(cutoffs))
    wanted = positions(pairs["user_id"], ids)
    at = pairs["cutoff"].to_numpy().astype(np.int64)
    rows = np.where((wanted >= 0) & (at < len(row_of)), row_of[np.minimum(at, len(row_of) - 1), wanted], -1)
    items = positions(pairs["item_id"], catalogue)
    order = np.lexsort((items, rows))
    order = order[rows[order] >= 0]
    counts = np.bincount(rows[order], minlength=len(cutoffs))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Ragged(offsets, items[order]), order


def _distinct(ids: pa.ChunkedArray) -> pa.Array:
    distinct = pc.unique(ids)
    return distinct.combine_chunks() if isinstance(distinct, pa.ChunkedArray) else distinct


def _among(items: Ragged, others: Ragged, span: int) -> Ragged:
    """Whether each item (-1 = none) is among the others of its row, which are in order: 1 or 0. By blocks of rows."""
    found = np.zeros(len(items.values), np.float32)
    for start in range(0, len(items.offsets) - 1, BLOCK):
        keys, known = (_keys(lists, start, start + BLOCK, span) for lists in (items, others))
        if len(known):
            nearest = known[np.searchsorted(known, keys).clip(max=len(known) - 1)]
            place = items.offsets[start]
            found[place : place + len(keys)] = nearest == keys
    found[np.asarray(items.values, np.int64) < 0] = 0.0
    return Ragged(items.offsets, found)


def _keys(lists: Ragged, start: int, end: int, span: int) -> Index:
    """One number for each item of these rows and its row, in their order."""
    offsets = lists.offsets[start : end + 1]
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return rows * (span + 1) + lists.values[offsets[0] : offsets[-1]].astype(np.int64) + 1


def even_sample(rows: Index, most: int | None) -> Index:
    """The rows, or so many of them in even steps if there are more."""
    if most is None or len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def scales(inputs: Inputs, rows: Index) -> dict[str, tuple[float, float]]:
    """Mean and deviation on the signed log scale of each number column over the rows.

    Of a vector column 0 and the root of its mean squared length. The deviation is infinite where nothing varies, for
    what nobody learned to read must say nothing when it comes to vary; where nothing is known it is NaN.
    """
    found = {}
    for column in inputs.columns:
        if column.kind == "vector":
            vectors = np.asarray(inputs.arrays[column.name])[rows].astype(np.float64)
            vectors = vectors[np.isfinite(vectors).all(1)]
            varies = len(vectors) and np.ptp(vectors, axis=0).max() > 1e-6
            length = float((vectors**2).sum(1).mean() ** 0.5) if varies else np.inf
            found[column.name] = (0.0, length if len(vectors) else np.nan)
        if column.kind == "number":
            values = np.asarray(inputs.arrays[column.name])[rows].astype(np.float64)
            values = values[np.isfinite(values)]
            logs = np.sign(values) * np.log1p(np.abs(values))
            deviation = float(logs.std()) if len(logs) else np.nan
            found[column.name] = (float(logs.mean()) if len(logs) else 0.0, np.inf if deviation <= 1e-6 else deviation)
    return found
