"""Searches of parameters: what they write down leads on where they were stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pyarrow as pa
import pytest
import yaml
from helpers.tiny_examples import make_examples
from scipy.sparse import csr_matrix
from two_tower.training.baselines import lists as baseline_lists
from two_tower.training.baselines.lists import World
from two_tower.training.baselines.matrix import Interactions, weigh
from two_tower.training.config import TrainingConfig
from two_tower.training.tuning.baselines import Budget, best_of, read_trials, recalls, search, write_found, write_trials
from two_tower.training.tuning.spaces import SPACES, STARTS, as_asked, suggest_towers
from two_tower.training.tuning.towers import ENDED, Task, Warehouse, advice, measure, tune


@pytest.fixture(scope="module")
def world() -> World:
    """Forty users of two tastes, thirty items."""
    random = np.random.default_rng(0)
    users, items = np.repeat(np.arange(40), 8), random.integers(0, 15, 320)
    items += 15 * (users % 2)
    events = Interactions.of(users, items, random.uniform(0, 300, 320), (40, 30))
    names = [pa.array([f"{kind}{number}" for number in range(size)]) for kind, size in (("u", 40), ("i", 30))]
    return World(*names, events, weigh(events, "binary"), np.arange(30), np.ones(30))


@pytest.mark.parametrize("model", SPACES)
def test_parameters_written_down_are_asked_for_again(model: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(50):
        parameters = SPACES[model](study.ask())
        asked = as_asked(model, parameters)
        assert asked is not None
        assert SPACES[model](asked) == parameters
    if "step_decay" in parameters:
        earlier = {name: value for name, value in parameters.items() if name != "step_decay"}
        for known in (earlier, earlier | {"step_decay": None}):  # None where a later trial has brought the column
            assert SPACES[model](as_asked(model, known)) == parameters | {"step_decay": 1.0}
    assert as_asked(model, parameters | {"weighting": "none"}) is None, "outside of the space"
    assert as_asked(model, parameters | {name: 1e6 for name in parameters if name != "weighting"}) is None


def test_a_stopped_search_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    relevant = {"unseen_only": csr_matrix(np.eye(40, 30, 15, dtype=np.float32) + np.eye(40, 30, -15, dtype=np.float32))}
    budget = Budget(trials=6, minutes=1, seed=0, threads=1)
    begun = search("item_knn", world, relevant, budget, ())
    stopped = [next(begun) for _ in range(3)]
    write_trials(tmp_path / "trials.csv", stopped)
    tried = read_trials(tmp_path / "trials.csv")
    assert tried == stopped
    rows = tried + list(search("item_knn", world, relevant, budget, tried))
    assert [row["trial"] for row in rows] == list(range(6))
    assert len({(row["neighbours"], row["shrinkage"], row["step_decay"]) for row in rows}) == 6, (
        "nothing is tried twice"
    )
    first, known = rows[3], max(tried, key=lambda row: row["recall_unseen_only"])
    assert first["step_decay"] not in {row["step_decay"] for row in tried}
    assert first["neighbours"] == known["neighbours"], "the best so far, with a decay that was not tried"
    assert [row["neighbours"] for row in rows[:2]] == [start["neighbours"] for start in STARTS["item_knn"]]
    best = max(rows, key=lambda row: row["recall_unseen_only"])
    assert best_of(rows, "unseen_only")["shrinkage"] == best["shrinkage"]
    assert not list(search("item_knn", world, relevant, budget, rows)), "earlier trials count"
    outside = [row | {"neighbours": 10_000} for row in tried]
    assert len(list(search("item_knn", world, relevant, budget, outside))) == 3, "outside of the space: they count only"


def test_a_search_of_one_policy_goes_on_with_both(world: World, tmp_path: Path) -> None:
    relevant = {"unseen_only": csr_matrix(np.eye(40, 30, 15, dtype=np.float32) + np.eye(40, 30, -15, dtype=np.float32))}
    rows = list(search("item_knn", world, relevant, Budget(trials=2, minutes=1, seed=0, threads=1), ()))
    write_trials(tmp_path / "item_knn_s.csv", rows)
    tried = read_trials(tmp_path / "item_knn_s.csv")
    both = {"allow_repeats": world.seen, **relevant}
    rows = tried + list(search("item_knn", world, both, Budget(trials=2, minutes=1, seed=0, threads=1), tried))
    assert [row["asked_for"] for row in rows] == ["unseen_only", "unseen_only", "allow_repeats", "unseen_only"]
    write_trials(tmp_path / "item_knn_s.csv", rows)
    write_found(tmp_path, "s", "item_knn")
    found = yaml.safe_load((tmp_path / "found_s.yml").read_text())["two_tower_item_knn"]
    best = max(rows[2:], key=lambda row: row["recall_allow_repeats"])
    assert found["allow_repeats"]["shrinkage"] == best["shrinkage"]
    assert found["unseen_only"]["shrinkage"] == max(rows, key=lambda row: row["recall_unseen_only"])["shrinkage"]


@pytest.mark.parametrize("users_at_once", [3, 40])
def test_recalls_are_those_of_all_users_whatever_the_blocks(
    world: World, monkeypatch: pytest.MonkeyPatch, users_at_once: int
) -> None:
    random = np.random.default_rng(1)
    scores = random.permuted(np.tile(np.arange(30, dtype=np.float32), (40, 1)), axis=1)
    wanted = (random.random((40, 30)) < 0.1).astype(np.float32)
    scored: list[int] = []

    def scorer(users: np.ndarray) -> np.ndarray:
        scored.extend(users.tolist())
        return scores[users].copy()

    monkeypatch.setattr(baseline_lists, "BLOCK_CELLS", 30 * users_at_once)
    found = recalls(
        scorer,
        world,
        {"allow_repeats": csr_matrix(wanted), "unseen_only": csr_matrix(wanted * (world.seen.toarray() == 0))},
    )
    some = np.flatnonzero(wanted.any(1))
    assert scored == some.tolist(), "each once"
    for policy, seen in (("allow_repeats", np.zeros((40, 30), bool)), ("unseen_only", world.seen.toarray() > 0)):
        shares = []
        for user in some:
            own = set(np.flatnonzero((wanted[user] > 0) & ~seen[user]))
            best = np.argsort(np.where(seen[user], -1, scores[user]))[::-1][:10]
            shares += [len(own & set(best)) / min(10, len(own))] if own else []
        assert found[policy] == pytest.approx(np.mean(shares), abs=1e-5)


def test_what_was_found_is_written_by_policy(tmp_path: Path) -> None:
    rows = [
        {"trial": 0, "factors": 8, "user_power": 0.5, "half_life_days": None, "recall_unseen_only": 0.1},
        {"trial": 1, "factors": 64, "user_power": None, "half_life_days": None, "recall_unseen_only": 0.2},
    ]
    write_trials(tmp_path / "als_films.csv", rows)
    write_found(tmp_path, "films", "als")
    found = tmp_path / "found_films.yml"
    assert yaml.safe_load(found.read_text()) == {"two_tower_als": {"unseen_only": {"factors": 64}}}


@pytest.mark.parametrize(("dim", "features"), [(128, 8), (128, 100), (256, 32), (512, 64), (8, 2)])
@pytest.mark.parametrize("with_sequence", [True, False])
def test_every_suggestion_for_the_towers_fits_into_the_embedding(dim: int, features: int, with_sequence: bool) -> None:
    config = TrainingConfig(dim=dim, features=features)
    in_force = suggest_towers(optuna.trial.FixedTrial(config.as_dict()), config, with_sequence)
    assert in_force.items() <= config.as_dict().items()
    assert any(name.startswith("sequence") for name in in_force) == with_sequence
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(100):
        suggested = suggest_towers(study.ask(), config, with_sequence)
        found = TrainingConfig.from_settings(config.as_dict() | suggested)
        assert found.factors(found.longest_sequence if with_sequence else 0) >= 1


def task_of(config: TrainingConfig, repeats: bool = False) -> Task:
    return Task(make_examples(repeats), config, "allow_repeats" if repeats else "unseen_only", "data")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "shop.duckdb"), "main")


SMALL = TrainingConfig(
    dim=14,
    features=4,
    sequence=4,
    epochs=1,
    sequence_epochs=1,
    threads=1,
    factors_alpha=3.0,
    factors_regularization=1.0,
)


@pytest.mark.parametrize("repeats", [True, False])
def test_a_search_for_the_towers_goes_on_where_it_was(warehouse: Warehouse, repeats: bool) -> None:
    task = task_of(SMALL, repeats)
    study = tune(warehouse, task, trials=1, minutes=60)
    assert [trial.params for trial in study.trials] == [task.in_force()], "those in force come first"
    assert study.best_value == measure(task, optuna.trial.FixedTrial(task.in_force()))
    study = tune(warehouse, task, trials=3, minutes=60)
    ended = study.get_trials(states=ENDED)
    assert len(ended) == 3, "the first one included"
    with warehouse.connect(read_only=True) as connection:
        rows = connection.sql("select trial_id, policy, settings, recall from tower_trials order by 1").fetchall()
    assert [row[0] for row in rows] == [0, 1, 2]
    assert {row[1] for row in rows} == {task.policy}
    assert rows[0][2] == pytest.approx(task.in_force())
    assert rows[0][3] == study.trials[0].value
    assert ("sequence" in rows[0][2]) is not repeats


def test_the_advice_names_what_differs_from_the_defaults_but_what_a_fit_chooses(warehouse: Warehouse) -> None:
    task = task_of(SMALL)
    said = advice(task, tune(warehouse, task, trials=1, minutes=60))
    settings = yaml.safe_load(said)["vars"]["two_tower_training"]
    assert settings == {"features": 4, "sequence": 4, "epochs": 1, "sequence_epochs": 1, "threads": 1}
    assert TrainingConfig.from_settings(settings | {"dim": 14}).features == 4
    assert said.startswith("# validation recall@10 unseen_only: ")
    assert ", with the settings before " in said
