"""torch = ONNX = SQL: the exported towers give the same embeddings as the fitted ones, whatever is missing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import torch
from helpers.tiny_examples import CHANGING, CODES, item_rows, make_examples, pairs, user_rows
from threadpoolctl import threadpool_info
from torch import nn
from two_tower.python_udfs.plugin import register
from two_tower.training import export, two_towers
from two_tower.training.config import TrainingConfig
from two_tower.training.data import Ragged
from two_tower.training.examples import build_examples
from two_tower.training.export import check_size, export_towers
from two_tower.training.fit import fit, prepare
from two_tower.training.recall import RecallUsers
from two_tower.training.sequence import SequenceItems, SequenceUsers
from two_tower.training.towers import PRIOR
from two_tower.training.two_towers import TwoTowers, tensors
from two_tower.training.validation import recalls_by_shares, validation_recalls

CONFIG = TrainingConfig(dim=14, factors=3, content=4, sequence=5, support=3, epochs=2, final_epochs=1, threads=1)
MEMORIES = {"recall": RecallUsers, "sequence": SequenceUsers, "sets": type(None)}
FACTORS: dict[str, dict[str, float]] = {  # each kind of fold-in
    "als": {"factors_alpha": 3.0, "factors_regularization": 1.0},
    "absent": {"factors_alpha": 3.0, "factors_regularization": 1.0, "factors_absent": 1},
    "linear": {"factors_alpha": 1.0, "factors_regularization": 1.0, "factors_linear": 1},
}
SERVED = slice(0, 4)  # rows of the snapshot that is served; older ones have factors of their own


@pytest.fixture(scope="module", params=[("recall", "als"), ("sequence", "absent"), ("sets", "als"), ("sets", "linear")])
def towers(request: pytest.FixtureRequest) -> TwoTowers:
    """Fitted towers of each kind of memory and factors, all weights moved so that no part of the network is silent."""
    memory, factors = request.param
    config = replace(CONFIG, ordered=int(memory != "sets"), **FACTORS[factors])
    towers = fit(make_examples(repeats=memory == "recall"), config, lambda _: None)[0]
    assert isinstance(towers.user.memory, MEMORIES[memory])
    towers.user.shares[:] = 1.0
    with torch.no_grad():
        for parameter in towers.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    return towers.eval()


@pytest.fixture(scope="module")
def paths(towers: TwoTowers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Their ONNX files."""
    return export_towers(towers, tmp_path_factory.mktemp("towers"), {"run_id": "r", "dim": "14"})


def embed_in_sql(path: Path, rows: pa.Table, tower: str) -> np.ndarray:
    connection = duckdb.connect()
    register(connection)
    connection.register("inputs", rows)
    found = connection.sql(f"select embed('{path}', inputs, '{tower}') from inputs").fetchall()
    return np.asarray([row[0] for row in found], np.float64)


@pytest.mark.parametrize("only_new", [0.0, 1.0])
def test_user_tower_is_the_same_in_torch_and_sql(towers: TwoTowers, paths: dict[str, Path], only_new: float) -> None:
    rows = user_rows()[SERVED].append_column("only_new", pa.array([only_new] * 4, pa.float32()))
    with torch.inference_mode():
        expected = towers.users(np.arange(12)[SERVED], "new" if only_new else "repeats").numpy()
    np.testing.assert_allclose(embed_in_sql(paths["user"], rows, "user"), expected, atol=1e-5)
    assert np.isfinite(expected).all()


def test_item_tower_is_the_same_in_torch_and_sql(towers: TwoTowers, paths: dict[str, Path]) -> None:
    with torch.inference_mode():
        expected = towers.items(1, np.arange(5)).numpy()
    found = embed_in_sql(paths["item"], item_rows().slice(0, 5), "item")
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.isfinite(expected).all()


def test_only_recall_is_silent_for_what_the_user_never_had(towers: TwoTowers) -> None:
    with torch.inference_mode():
        repeats, new = (towers.users(np.arange(12)[SERVED], policy) for policy in ("repeats", "new"))
    assert (new[:, : CONFIG.memory_dim].abs().max() == 0) == isinstance(towers.user.memory, RecallUsers)
    assert repeats[0, : CONFIG.memory_dim].abs().max() > 0


@pytest.mark.parametrize("policy", ["repeats", "new"])
def test_without_a_history_the_shares_alone_say_what_counts(towers: TwoTowers, policy: str) -> None:
    """So that a new user can be given what is popular, whatever memory is."""
    before = towers.user.shares.clone()
    towers.user.shares[0] = torch.tensor([0.0, 0.0, 0.0, 1.0])
    with torch.inference_mode():
        users = towers.users(np.arange(12)[SERVED], policy, is_hidden=True)
    towers.user.shares.copy_(before)
    assert (users[:, -1] == 1).all()
    assert not users[:, :-1].any()


def test_nobody_stands_for_a_new_user_by_what_was_done(towers: TwoTowers) -> None:
    """Hidden histories are followed by what such users want; their behaviour would tell it."""
    rows, spend = np.arange(12)[SERVED], towers.examples.users.arrays["spend"]
    assert not isinstance(spend, Ragged)
    before = spend.copy()
    with torch.inference_mode():
        known = towers.users(rows, "new", is_hidden=True)
        spend[:] = 1e3
        other = towers.users(rows, "new", is_hidden=True)
    spend[:] = before
    torch.testing.assert_close(other, known, rtol=0, atol=0)


def test_popularity_is_that_of_the_newest_window_where_it_says_enough(towers: TwoTowers) -> None:
    """Three items, each with more of one and less of the other; in all they have ten thousand users."""
    before = towers.item.prior.clone()
    towers.item.prior.copy_(torch.tensor(PRIOR / 10_000))
    ever = torch.tensor([6000.0, 3000.0, 1000.0])
    quiet, busy = (
        towers.item.popularity({"recent_users": n * torch.tensor([1.0, 2.0, 3.0]), "users": ever}) for n in (2, 900)
    )
    towers.item.prior.copy_(before)
    assert quiet.argsort(dim=0, descending=True).flatten().tolist() == [0, 1, 2]
    assert busy.argsort(dim=0, descending=True).flatten().tolist() == [2, 1, 0]


def test_items_are_embedded_in_pieces(towers: TwoTowers, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = validation_recalls(towers, "new")
    monkeypatch.setattr(two_towers, "ITEMS_AT_ONCE", 2)
    np.testing.assert_array_equal(validation_recalls(towers, "new"), whole)


def test_shares_are_tried_without_the_towers_and_are_what_the_towers_then_have(towers: TwoTowers) -> None:
    before = towers.user.shares.clone()
    shares = torch.tensor([1.0, 0.3, 2.0, 0.7])
    for with_history in (False, True):
        tried = recalls_by_shares(towers, "new", with_history)(shares)
        towers.user.shares[:] = shares
        np.testing.assert_array_equal(tried, validation_recalls(towers, "new", with_history))
        towers.user.shares.copy_(before)


@pytest.mark.parametrize("repeats", [True, False])
def test_a_fit_is_reproducible_bit_for_bit(repeats: bool) -> None:
    states = [fit(make_examples(repeats), CONFIG, lambda _: None)[0].state_dict() for _ in range(2)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_blas_has_no_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    try:
        prepare(replace(CONFIG, threads=2))
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
    finally:
        monkeypatch.undo()
        prepare(CONFIG)


def test_columns_may_be_called_like_what_torch_has() -> None:
    names = {"brand": "type", "tags": "items", "picture": "half", "age": "values"}
    users, items = (
        rows.rename_columns([names.get(name, name) for name in rows.column_names])
        for rows in (user_rows(), item_rows())
    )
    sizes = {entity: {names.get(name, name): size for name, size in of.items()} for entity, of in CODES.items()}
    wanted = pairs([(2, "a", "t", False), (3, "b", "q", False)])
    towers, _ = fit(build_examples(users, items, items, wanted, wanted, sizes, CHANGING, 1), CONFIG, lambda _: None)
    assert {"column_type", "column_items"} <= {*towers.item.features.tables}


def test_more_items_than_a_file_holds_are_refused_before_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    check_size(make_examples(), CONFIG)
    monkeypatch.setattr(export, "LARGEST", 4 * CONFIG.dim * 4)
    with pytest.raises(ValueError, match=r"4 items have a code of their own.*raise two_tower_min_item_interactions"):
        check_size(make_examples(), CONFIG)


def test_nothing_to_learn_from_is_an_error_that_names_the_relation() -> None:
    with pytest.raises(ValueError, match="snapshot_targets"):
        build_examples(user_rows(), item_rows(), item_rows(), pairs([(1, "a", "p", True)]).slice(0, 0), pairs(
            [(2, "a", "p", True)]), CODES, CHANGING, 1)  # fmt: skip


def test_a_place_of_a_history_is_told_from_what_came_before_it_alone() -> None:
    """The embedding for training at a place is the served one of the history that ends just before it."""
    towers = fit(make_examples(repeats=False), CONFIG, lambda _: None)[0]
    users, items = towers.user.memory, towers.item.memory
    assert isinstance(users, SequenceUsers)
    assert isinstance(items, SequenceItems)
    inputs = tensors(towers.examples.user_batch(np.asarray([3])))  # "d": codes 4, 3, 2, 1, newest first
    codes = inputs["history_items"]
    with torch.inference_mode():
        vectors = users.history(codes[0], items.in_history(towers.contents(codes[0])))
        found = users.before(inputs, vectors.unsqueeze(0), torch.ones(1, 4))
        for place in range(4):
            older = {**inputs, "history_items": nn.functional.pad(codes[:, place + 1 :], (0, place + 1))}
            places = (torch.arange(4).unsqueeze(0) + place + 1).clamp(max=3)
            torch.testing.assert_close(found[:, place], users(older, vectors, places))
