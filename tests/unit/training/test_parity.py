"""torch = ONNX = SQL: the exported towers give the same embeddings as the fitted ones, whatever is missing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import onnxruntime
import pyarrow as pa
import pytest
import torch
from helpers.tiny_examples import CHANGING, CODES, item_rows, make_examples, pairs, user_rows
from threadpoolctl import threadpool_info
from torch import nn
from two_tower.python_udfs.plugin import register
from two_tower.training import export
from two_tower.training.config import TrainingConfig
from two_tower.training.export import Exporter, check_size
from two_tower.training.fit import embedder as embedders
from two_tower.training.fit.embedder import Embedder
from two_tower.training.fit.schedule import prepare, refit, search
from two_tower.training.fit.validation import validation_recall
from two_tower.training.inputs.arrays import tensors
from two_tower.training.inputs.examples import build_examples
from two_tower.training.progress import Progress
from two_tower.training.runs import tell_unused

CONFIG = TrainingConfig(dim=14, features=4, sequence=5, factors_of_repeats=6, epochs=2, threads=1)
FACTORS: dict[str, dict[str, float]] = {  # each kind of fold-in
    "als": {"factors_alpha": 3.0, "factors_regularization": 1.0},
    "linear": {"factors_alpha": 1.0, "factors_regularization": 1.0, "factors_linear": 1},
}
SHOPS = {  # length of the sequence part
    "sequence": 4,  # at most half of what the features leave over
    "sets": 0,  # histories have no order
    "repeats": 0,  # things are had again
}
KINDS = [("sequence", "als"), ("sets", "als"), ("sets", "linear"), ("repeats", "als")]
SERVED = slice(0, 4)  # rows of the cutoff that is served; older ones have factors of their own


def moved(embedder: Embedder, seed: int = 1) -> Embedder:
    """The same with all weights moved, so that no part of the network is silent."""
    random = torch.Generator().manual_seed(seed)
    embedder.towers.user.part_weights[:] = torch.tensor([1.0, 0.7])
    embedder.towers.item.new_items += 0.1 * torch.randn(embedder.towers.item.new_items.shape, generator=random)
    with torch.no_grad():
        for parameter in embedder.towers.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=random)
    embedder.towers.eval()
    return embedder


@pytest.fixture(scope="module", params=KINDS, ids="/".join)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    """Fitted towers of each kind of shop and of factors."""
    shop, factors = request.param
    config = replace(CONFIG, ordered=int(shop != "sets"), **FACTORS[factors])
    found = moved(search(make_examples(repeats=shop == "repeats"), config, Progress())[0])
    assert found.layout.sequence == SHOPS[shop]
    assert (found.towers.user.sequence is None) == (SHOPS[shop] == 0)
    assert found.layout.unused == (3 if shop == "repeats" else 0)
    return found


def test_what_no_part_takes_of_an_embedding_is_zeros(embedder: Embedder) -> None:
    with torch.inference_mode():
        found = torch.cat([embedder.users(np.arange(12)[SERVED]), embedder.items(1, np.arange(5))])
    used = found.shape[1] - embedder.layout.unused
    assert not found[:, used:].any()


def test_without_the_zeros_an_embedding_is_the_same() -> None:
    """A search says so where it leaves zeros."""
    told: list[str] = []
    config = replace(CONFIG, **FACTORS["als"])
    found = []
    for dim in (config.dim, config.dim - 3):
        fitted = search(make_examples(repeats=True), replace(config, dim=dim), Progress())[0]
        tell_unused(fitted.layout.unused, dim, told.append)
        with torch.inference_mode():
            found.append(torch.cat([fitted.users(np.arange(12)[SERVED]), fitted.items(1, np.arange(5))]))
    assert torch.equal(found[0][:, :-3], found[1])
    assert [line for line in told if "With two_tower_dim: 11 lists stay the same" in line] == told
    assert len(told) == 1


@pytest.fixture(scope="module")
def paths(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Their ONNX files."""
    return Exporter().towers(embedder, 1, tmp_path_factory.mktemp("towers"), "", {"run_id": "r", "dim": "14"})


def embed_in_sql(path: Path, rows: pa.Table, tower: str) -> np.ndarray:
    connection = duckdb.connect()
    register(connection)
    connection.register("inputs", rows)
    found = connection.sql(f"select embed('{path}', inputs, '{tower}') from inputs").fetchall()
    return np.asarray([row[0] for row in found], np.float64)


def assert_files_embed_as(embedder: Embedder, paths: dict[str, Path], cutoff: int) -> None:
    """That the files give in SQL what the towers give as of a cutoff."""
    rows = np.flatnonzero(embedder.examples.users.cutoffs == cutoff)
    with torch.inference_mode():
        users, items = embedder.users(rows).numpy(), embedder.items(cutoff, np.arange(5)).numpy()
    assert np.isfinite(users).all()
    assert np.isfinite(items).all()
    of_users, of_items = user_rows().slice(rows[0], len(rows)), item_rows().slice(5 * (cutoff - 1), 5)
    np.testing.assert_allclose(embed_in_sql(paths["user"], of_users, "user"), users, atol=1e-5)
    np.testing.assert_allclose(embed_in_sql(paths["item"], of_items, "item"), items, atol=1e-5)


def test_towers_are_the_same_in_torch_and_sql(embedder: Embedder, paths: dict[str, Path]) -> None:
    assert_files_embed_as(embedder, paths, 1)


def test_a_traced_graph_gets_the_numbers_of_other_towers(
    embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The towers of the validation stage, then those that serve: another cutoff, other weights, one trace."""
    traced: list[nn.Module] = []
    trace = export._traced
    monkeypatch.setattr(export, "_traced", lambda graph, *rest: traced.append(graph) or trace(graph, *rest))
    exporter = Exporter()
    validation = exporter.towers(embedder, 2, tmp_path, "validation_", {})
    again = Embedder(embedder.examples, embedder.config)
    served = exporter.towers(moved(again, seed=2), 1, tmp_path, "", {})
    assert len(traced) == 2, "one per tower"
    assert {path.name for path in tmp_path.iterdir()} == {
        "user_tower.onnx", "item_tower.onnx", "validation_user_tower.onnx", "validation_item_tower.onnx"
    }  # fmt: skip
    assert_files_embed_as(embedder, validation, 2)
    assert_files_embed_as(again, served, 1)
    with torch.inference_mode():
        gap = np.abs(embedder.users(np.arange(4)).numpy() - again.users(np.arange(4)).numpy()).max()
    assert gap > 0.01, "the files have something to differ in"


def test_numbers_go_into_graphs_of_another_vocabulary(tmp_path: Path) -> None:
    """Stages differ in how many codes a feature has: tables have other lengths, and later features other places."""
    config = replace(CONFIG, **FACTORS["als"])
    small = make_examples(repeats=False)
    wanted = pairs([(2, "a", "t", False), (3, "b", "q", False)])
    sizes = {"user": {"age": 7}, "item": {"item_index": 4, "brand": 9, "tags": 6}}
    large = build_examples(user_rows(), item_rows(), item_rows(), wanted, wanted, sizes, CHANGING, 1)
    exporter = Exporter()
    prepare(config)
    for place, examples in enumerate((small, large)):
        embedder = moved(Embedder(examples, config), seed=place)
        assert_files_embed_as(embedder, exporter.towers(embedder, 1, tmp_path, f"{place}_", {}), 1)


def test_a_graph_of_other_shape_is_traced_anew(tmp_path: Path) -> None:
    exporter = Exporter()
    for dim in (14, 12):
        embedder = moved(Embedder(make_examples(), replace(CONFIG, dim=dim, **FACTORS["als"])))
        paths = exporter.towers(embedder, 1, tmp_path, f"of_{dim}_", {"dim": str(dim)})
        assert_files_embed_as(embedder, paths, 1)
        about = onnxruntime.InferenceSession(str(paths["user"])).get_modelmeta().custom_metadata_map
        assert about == {"dim": str(dim), "tower": "user", "columns": about["columns"]}


def test_parts_stand_where_the_layout_says(embedder: Embedder) -> None:
    weights, parts = embedder.towers.user.part_weights, embedder.layout.parts
    assert [part.start for part in parts.values()] == [0, *(part.stop for part in parts.values())][:4]
    assert parts["bias"].stop + embedder.layout.unused == CONFIG.dim
    before = weights.clone()
    with torch.inference_mode():
        whole = embedder.users(np.arange(4))
        weights[:] = torch.tensor([0.0, 1.0])
        preference = embedder.users(np.arange(4))
        weights[:] = torch.tensor([1.0, 0.0])
        sequence = embedder.users(np.arange(4))
        weights.copy_(before)
    assert not preference[:, parts["sequence"]].any()
    assert not sequence[:, embedder.layout.sequence :].any()
    torch.testing.assert_close(whole, sequence + 0.7 * preference)
    assert (preference[:, parts["bias"]] == 1).all()
    assert preference[2, parts["factors"]].eq(0).all(), "without a history there is nothing to fold in"
    if embedder.layout.sequence:
        assert sequence[[0, 3], parts["sequence"]].abs().max() > 0


def test_items_are_embedded_in_pieces(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.inference_mode():
        whole = embedder.items(2, np.arange(5))
        monkeypatch.setattr(embedders, "ITEMS_AT_ONCE", 2)
        torch.testing.assert_close(embedder.items(2, np.arange(5)), whole, rtol=1e-6, atol=1e-7)
    recall = validation_recall(embedder, ("allow_repeats", "unseen_only"))
    monkeypatch.undo()
    assert recall == validation_recall(embedder, ("allow_repeats", "unseen_only"))


@pytest.mark.parametrize("repeats", [True, False])
def test_a_fit_is_reproducible_bit_for_bit(repeats: bool) -> None:
    searched = [search(make_examples(repeats), CONFIG, Progress()) for _ in range(2)]
    served = [refit(make_examples(repeats), found, Progress())[0] for _, found, _ in searched]
    assert searched[0][1] == searched[1][1]
    for first, second in ([embedder for embedder, _, _ in searched], served):
        states = first.towers.state_dict(), second.towers.state_dict()
        assert states[0].keys() == states[1].keys()
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_blas_has_no_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    try:
        prepare(replace(CONFIG, threads=2))
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
    finally:
        monkeypatch.undo()
        prepare(CONFIG)


def test_columns_may_be_called_like_what_torch_has(tmp_path: Path) -> None:
    names = {"brand": "type", "tags": "items", "picture": "half", "age": "values"}
    users, items = (
        rows.rename_columns([names.get(name, name) for name in rows.column_names])
        for rows in (user_rows(), item_rows())
    )
    sizes = {entity: {names.get(name, name): size for name, size in of.items()} for entity, of in CODES.items()}
    wanted = pairs([(2, "a", "t", False), (3, "b", "q", False)])
    embedder, _, _ = search(build_examples(users, items, items, wanted, wanted, sizes, CHANGING, 1), CONFIG, Progress())
    assert {"column_type", "column_items"} <= {*embedder.towers.item.features.tables}
    paths = Exporter().towers(moved(embedder), 1, tmp_path, "", {})
    with torch.inference_mode():
        expected = embedder.items(1, np.arange(5)).numpy()
    np.testing.assert_allclose(embed_in_sql(paths["item"], items.slice(0, 5), "item"), expected, atol=1e-5)


def test_more_items_than_a_file_holds_are_refused_before_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    check_size(make_examples(), CONFIG)
    monkeypatch.setattr(export, "LARGEST", 4 * CONFIG.dim * 4)
    with pytest.raises(ValueError, match=r"4 items have an index of their own.*raise two_tower_min_item_interactions"):
        check_size(make_examples(), CONFIG)


def test_nothing_to_learn_from_is_an_error_that_names_the_relation() -> None:
    with pytest.raises(ValueError, match="cutoff_targets"):
        build_examples(user_rows(), item_rows(), item_rows(), pairs([(1, "a", "p", True)]).slice(0, 0), pairs(
            [(2, "a", "p", True)]), CODES, CHANGING, 1)  # fmt: skip


def test_a_place_of_a_history_is_told_from_what_came_before_it_alone() -> None:
    """The embedding for training at a place is the served one of the history that ends just before it."""
    embedder = search(make_examples(repeats=False), CONFIG, Progress())[0]
    users, items = embedder.towers.user.sequence, embedder.towers.item.sequence
    assert users is not None
    assert items is not None
    inputs = tensors(embedder.examples.user_batch(np.asarray([3])))  # "d": codes 4, 3, 2, 1, newest first
    codes = inputs["history_items"]
    with torch.inference_mode():
        vectors = items.in_history(embedder.static_inputs(codes[0]))
        found = users.before(inputs, vectors.unsqueeze(0), torch.ones(1, 4))
        for place in range(4):
            older = {**inputs, "history_items": nn.functional.pad(codes[:, place + 1 :], (0, place + 1))}
            places = (torch.arange(4).unsqueeze(0) + place + 1).clamp(max=3)
            torch.testing.assert_close(found[:, place], users(older, vectors, places))
