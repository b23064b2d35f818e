"""Towers that go on from earlier ones: what they take over, and from which runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
import torch
from helpers.tiny_examples import make_examples
from two_tower.training.config import TrainingConfig
from two_tower.training.continuation import WEIGHTS, Codes, Start, newest_run, take_over
from two_tower.training.fit import fit, go_on
from two_tower.training.run_ids import kin_of
from two_tower.training.two_towers import TwoTowers

CONFIG = TrainingConfig(
    dim=14, factors=3, content=4, sequence=5, support=3, epochs=2, threads=1, factors_alpha=3.0,
    factors_regularization=1.0,
)  # fmt: skip
BEFORE: Codes = {
    "item.item_id": {"p": 1, "q": 2, "r": 3, "s": 4},
    "item.brand": {"red": 1, "blue": 2},
    "item.tags": {"x": 1, "y": 2, "z": 3},
    "user.age": {"young": 1, "old": 2, "older": 3},
}
TURNED = {1: 4, 2: 1, 3: 2, 4: 3}  # another order, as when other items have come to be the most popular
NOW: Codes = BEFORE | {
    "item.item_id": {name: TURNED[code] for name, code in BEFORE["item.item_id"].items()},
    "item.brand": {"red": 2, "blue": 1},
}
NEW_CODES = {"item_code": TURNED, "history_items": TURNED, "brand": {1: 2, 2: 1}}


@pytest.mark.parametrize("repeats", [True, False])
def test_what_was_learned_stays_with_the_value_when_its_code_changes(repeats: bool) -> None:
    before = fit(make_examples(repeats), CONFIG, lambda _: None)[0]
    now = TwoTowers(make_examples(repeats, NEW_CODES), before.config)
    assert take_over(now, Start.of(before, BEFORE), NOW)
    now.eval()
    memory = slice(0, CONFIG.memory_dim)  # factors are fitted anew
    with torch.inference_mode():
        of_items = [towers.items(1, np.arange(5))[:, memory].numpy() for towers in (before, now)]
        of_users = [towers.users(np.arange(4), "repeats")[:, memory].numpy() for towers in (before, now)]
        content = [towers.item.features.content(towers.contents(torch.arange(5))).numpy() for towers in (before, now)]
    np.testing.assert_array_equal(*of_items)
    np.testing.assert_allclose(*of_users, rtol=1e-5, atol=1e-6)
    places = [0, *TURNED.values()]
    np.testing.assert_array_equal(content[0], content[1][places])


def test_a_value_without_a_predecessor_starts_like_one_of_a_new_fit() -> None:
    before = fit(make_examples(repeats=False), CONFIG, lambda _: None)[0]
    codes = BEFORE | {"item.item_id": {"p": 1, "q": 2, "r": 3, "new": 4}}
    now = TwoTowers(make_examples(repeats=False), before.config)
    fresh = now.item.memory.own.weight.detach().clone()
    assert take_over(now, Start.of(before, BEFORE), codes)
    taken, old = now.item.memory, before.item.memory
    torch.testing.assert_close(taken.own.weight[4], fresh[4])
    torch.testing.assert_close(taken.own.weight[1:4], old.own.weight[1:4])
    assert taken.bias.weight[4] == old.bias.weight[0], "as popular as an unknown one"


def test_towers_of_other_parts_are_not_gone_on_from() -> None:
    before = fit(make_examples(repeats=False), CONFIG, lambda _: None)[0]
    assert go_on(make_examples(repeats=True), CONFIG, Start.of(before, BEFORE), NOW, lambda _: None) is None


def test_only_the_last_phases_are_run() -> None:
    for repeats in (True, False):
        before, curve = fit(make_examples(repeats), CONFIG, lambda _: None)
        done = go_on(make_examples(repeats, NEW_CODES), CONFIG, Start.of(before, BEFORE), NOW, lambda _: None)
        assert done
        assert {epoch.phase for epoch in done[1]} == {"final"}
        assert len(done[1]) == sum(epoch.phase == "final" for epoch in curve)
        assert torch.equal(done[0].user.shares, before.user.shares)


def publish(folder: Path, kin: str, as_of: str, continuations: int) -> None:
    folder.mkdir()
    about = {"kin": kin, "as_of": as_of, "continuations": str(continuations), "trained_at": "2026-02-01 00:00:00"}
    rows = [{"kind": "metadata", "name": name, "text": text} for name, text in about.items()]
    (folder / "run.json").write_text(json.dumps(rows))
    (folder / WEIGHTS).touch()


def test_a_run_goes_on_from_what_saw_most_but_nothing_later(tmp_path: Path) -> None:
    publish(tmp_path / "a", "kin", "2026-01-01 00:00:01", 0)
    publish(tmp_path / "b", "kin", "2026-01-02 00:00:01", 1)
    publish(tmp_path / "c", "kin", "2026-01-03 00:00:01", 2)
    publish(tmp_path / "d", "other settings", "2026-01-02 00:00:01", 0)
    publish(tmp_path / "e", "kin", "2026-01-09 00:00:01", 0)
    publish(tmp_path / ".f-1234", "kin", "2026-01-04 00:00:01", 0)  # killed before it was published

    def found(as_of: str, most: int, own: str = "new") -> str | None:
        folder = newest_run(tmp_path / own, "kin", as_of, most)
        return folder.name if folder else None

    assert found("2026-01-05 00:00:01", 9) == "c"
    assert found("2026-01-05 00:00:01", 2) is None, "so many in a row are enough, whatever there was before"
    assert found("2026-01-02 00:00:00", 9) == "a"
    assert found("2025-12-31 00:00:01", 9) is None
    assert found("2026-01-05 00:00:01", 9, own="c") == "b", (
        "own towers that are made again do not go on from themselves"
    )
    (tmp_path / "c" / "run.json").unlink()
    assert found("2026-01-05 00:00:01", 9) == "b", "and nor are those that nothing is known of"
    (tmp_path / "a" / WEIGHTS).unlink()
    assert found("2026-01-02 00:00:00", 9) is None


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    towers = TwoTowers(make_examples(), replace(CONFIG, seed=3))
    towers.epochs = {"taste": 2}
    Start.of(towers, BEFORE).save(tmp_path)
    start = Start.read(tmp_path)
    assert (start.epochs, start.codes) == ({"taste": 2}, BEFORE)
    assert TrainingConfig(**start.settings) == replace(CONFIG, seed=3)
    assert all(torch.equal(start.state[name], weights) for name, weights in towers.state_dict().items())


def test_shops_with_the_same_columns_are_no_kin() -> None:
    with duckdb.connect() as connection:
        relations = {"feature_codes": connection.sql("select 'item.title' feature, 'buckets' as value, 9 code")}
        assert kin_of(relations, CONFIG, "books.main") == kin_of(relations, CONFIG, "books.main")
        assert kin_of(relations, CONFIG, "books.main") != kin_of(relations, CONFIG, "films.main")
