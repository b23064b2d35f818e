"""The ranker on planted pairs: its chances are chances, and it orders only where it is better at that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from torch import nn
from two_tower.python_udfs.plugin import register
from two_tower.training.config import TrainingConfig
from two_tower.training.export import Exporter
from two_tower.training.fit.schedule import prepare
from two_tower.training.ranker import runs as ranker_runs
from two_tower.training.ranker.model import (
    Fitted,
    Pairs,
    Ranker,
    TowerOrder,
    _fit_tower_order,
    fit_ranker,
    recalls,
)
from two_tower.training.ranker.runs import read_pairs, train_rankers

NAMES = ("tower_score", "factors_score", "features_score", "item_recent_users", "due", "constant", "rare")
CONFIG = TrainingConfig(ranker_folds=3, ranker_batch_size=2048, threads=1)
EACH = 20  # pairs of a user
QUICK = {"ranker_folds": 2, "ranker_batch_size": 64, "threads": 1, "ranker_dropout": 0.1}


def quiet(_: str) -> None:
    """Where the log goes."""


def planted(users: int, by_signals: bool, seed: int, without_history: float = 0.1) -> Pairs:
    """Pairs whose chance depends on the towers' score and, or not, on `due`; `rare` is missing in every other."""
    random = np.random.default_rng(seed)
    n = users * EACH
    user = np.repeat(np.arange(users), EACH)
    parts = random.normal(0.0, 1.2, (n, 2))
    score = parts.sum(1)
    popular, due = random.integers(0, 500, n).astype(float), random.gamma(2.0, 1.0, n)
    has_history = (random.random(users) >= without_history)[user]
    odds = np.where(has_history, 0.8 * score, 0.7 * np.log1p(popular) - 3.5) - 2.5
    if by_signals:  # neither linear nor monotone: what is just due is bought, what is long overdue is not
        odds += np.where(has_history, 3.0 * np.exp(-((due - 2.0) ** 2)) - 1.0, 0.0)
    taken = random.random(n) < 1 / (1 + np.exp(-odds))
    signals = np.column_stack([score, parts, popular, due, np.full(n, 7.0), random.normal(size=n)]).astype(np.float32)
    signals[~has_history, :3] = np.nan
    signals[::2, -1] = np.nan
    wanted = np.maximum(np.bincount(user, taken, users), 1).astype(np.int64)[user]
    return Pairs(NAMES, signals, taken, np.zeros(n, bool), user, wanted, user)


def fitted_on(pairs: Pairs, config: TrainingConfig = CONFIG) -> Fitted:
    prepare(config)
    return fit_ranker(pairs, config, quiet)


@torch.inference_mode()
def chances(model: nn.Module, signals: np.ndarray) -> np.ndarray:
    found: torch.Tensor = model(*torch.from_numpy(np.ascontiguousarray(signals, np.float32)).unbind(1))
    assert found.shape == (len(signals), 1)
    return found.numpy()[:, 0].astype(np.float64)


@pytest.fixture(scope="module")
def by_ranker() -> Fitted:
    """Fitted where signals say much."""
    return fitted_on(planted(1000, by_signals=True, seed=0))


@pytest.fixture(scope="module")
def by_towers() -> Fitted:
    """Fitted where the towers' score says all."""
    return fitted_on(planted(1000, by_signals=False, seed=0))


def assert_calibrated(model: nn.Module, pairs: Pairs, rows: np.ndarray) -> None:
    """Of ten bins of pairs by their chance, as many are taken as it says, within three standard errors and a tenth."""
    found = chances(model, pairs.signals)[rows]
    for members in np.array_split(np.argsort(found), 10):
        said, happened = found[members].mean(), pairs.taken[rows][members].mean()
        error = (said * (1 - said) / len(members)) ** 0.5
        assert abs(said - happened) < 3 * error + 0.1 * said, (said, happened)


def test_chances_hold_on_fresh_pairs_and_order_better_than_the_towers(by_ranker: Fitted) -> None:
    fresh = planted(1500, by_signals=True, seed=1)
    assert by_ranker.order_by == "ranker"
    assert isinstance(by_ranker.model, Ranker)
    assert_calibrated(by_ranker.model, fresh, np.arange(len(fresh)))
    own = recalls(fresh, chances(by_ranker.model, fresh.signals)).mean()
    towers = recalls(fresh, fresh.tower_scores()).mean()
    assert own > towers + 0.05
    assert by_ranker.ranker_recall == pytest.approx(own, abs=0.03), (
        "what was said of it holds for users it has not seen"
    )
    assert by_ranker.towers_recall == pytest.approx(towers, abs=0.03)


def test_what_signals_do_not_say_leaves_the_order_to_the_towers(by_towers: Fitted) -> None:
    assert by_towers.order_by == "towers"
    assert isinstance(by_towers.model, TowerOrder)
    fresh = planted(1500, by_signals=False, seed=1)
    found, scores = chances(by_towers.model, fresh.signals), fresh.tower_scores()
    without = np.isnan(fresh.signals[:, 0])
    popularity = fresh.signals[:, NAMES.index("item_recent_users")]
    for rows, order in ((~without, scores), (without, scores), (without, popularity)):
        by_order = np.argsort(order[rows], kind="stable")
        assert (np.diff(found[rows][by_order]) > -1e-6).all()
        assert len(np.unique(found[rows])) > 0.9 * len(np.unique(order[rows])), "few of them are equal"
        assert_calibrated(by_towers.model, fresh, np.flatnonzero(rows))
    assert scores[without].max() < scores[~without].min()


def test_popularity_orders_finely_where_there_is_no_score() -> None:
    signals = np.full((3, len(NAMES)), np.nan, np.float32)
    signals[:, NAMES.index("item_recent_users")] = [100_001, 100_000, 100_002]
    pairs = Pairs(NAMES, signals, *[np.zeros(3, bool)] * 2, *[np.zeros(3, np.int64)] * 3)
    assert pairs.tower_scores().argsort().tolist() == [1, 0, 2]


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_an_order_is_left_even_if_nothing_speaks_for_it_or_everything(sign: float) -> None:
    """What the users take has the lowest scores, or the highest and no exception."""
    pairs = planted(50, by_signals=False, seed=2)
    scores = np.nan_to_num(pairs.signals[:, 0])
    told = replace(pairs, taken=sign * scores > 1.0)
    order = _fit_tower_order(TowerOrder(NAMES, told.signals), told)
    known = np.flatnonzero(~np.isnan(pairs.signals[:, 0]))
    found = chances(order, pairs.signals)[known]
    assert np.isfinite(found).all()
    ascending = found[np.argsort(pairs.tower_scores()[known])]
    assert (np.diff(ascending) > -1e-6).all()
    assert len(np.unique(found)) > 0.8 * len(known)


def test_recalls_are_those_counted_by_hand() -> None:
    """Of three users: one with a repeat, one who wants what is no candidate, one who wants repeats alone."""
    rows = [  # user, taken, repeat, wanted, score
        (0, True, True, 2, 3.0),
        (0, True, False, 2, 1.0),
        (0, False, False, 2, 2.0),
        (1, True, False, 3, 1.0),
        (1, False, True, 3, 2.0),
        (2, True, True, 1, 1.0),
        (2, False, False, 1, 2.0),
    ]
    user, taken, repeat, wanted, score = (np.asarray(column) for column in zip(*rows, strict=True))
    pairs = Pairs(NAMES, np.zeros((7, len(NAMES)), np.float32), taken, repeat, user, wanted, user)
    # all: 2 of 2, 1 of 3 (two are no candidates), 1 of 1; new: 1 of 1, 1 of 3, nothing to find
    assert recalls(pairs, score).tolist() == pytest.approx([1.0, 1 / 3, 1.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("two_tower.training.ranker.model.K", 1)
        # all: the best of each is taken, not, not; new: not, taken, nothing to find; one place holds one hit
        assert recalls(pairs, score).tolist() == pytest.approx([0.5, 0.5, 0.0])
    nothing_again = replace(pairs, repeat=np.zeros(7, bool))
    assert recalls(nothing_again, score).tolist() == pytest.approx([1.0, 1 / 3, 1.0])
    # without a repeat that is taken only what is new counts, and a window of which there are only repeats never does
    assert recalls(replace(pairs, taken=taken & ~repeat, wanted=np.ones(7)), score).tolist() == pytest.approx([1, 1, 0])
    assert recalls(replace(pairs, list_of=np.where(user == 2, -1, user)), score).tolist() == pytest.approx([1.0, 1 / 3])


def test_what_never_varied_or_was_never_missing_says_nothing_later(by_ranker: Fitted) -> None:
    pairs = planted(50, by_signals=True, seed=3)
    before = chances(by_ranker.model, pairs.signals)
    for value in (-1e6, 0.0, 1e6, np.nan):
        later = pairs.signals.copy()
        later[:, NAMES.index("constant")] = value
        np.testing.assert_array_equal(chances(by_ranker.model, later), before)
    later = pairs.signals.copy()
    later[:, NAMES.index("due")] = np.nan  # which was known of all pairs: the mean stands for it
    assert np.isfinite(chances(by_ranker.model, later)).all()
    assert isinstance(by_ranker.model, Ranker)
    inputs = by_ranker.model.scaled(torch.from_numpy(later)[:, by_ranker.model.read])
    read = NAMES[1:]
    assert not inputs[:, read.index("due")].any()
    assert not inputs[:, len(read) + read.index("due")].any()
    of_rare = inputs[:, len(read) + read.index("rare")]
    assert of_rare.tolist() == [1.0, 0.0] * (len(pairs) // 2), "what was missing now and then is told"


def test_a_signal_that_was_never_known_says_nothing_when_it_comes() -> None:
    pairs = planted(100, by_signals=True, seed=0)
    pairs.signals[:, NAMES.index("rare")] = np.nan
    prepare(CONFIG)
    model = Ranker(pairs.names, pairs.signals, 2, 0.1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape)
    before = chances(model.eval(), pairs.signals)
    pairs.signals[:, NAMES.index("rare")] = 3.0
    np.testing.assert_array_equal(chances(model, pairs.signals), before)


@pytest.mark.parametrize("kind", ["by_ranker", "by_towers"])
def test_torch_and_sql_give_the_same_chances(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    fitted: Fitted = request.getfixturevalue(kind)
    fresh = planted(100, by_signals=True, seed=5)
    fresh.signals[3] = np.nan
    fresh.signals[4] = [1e9, -1e9, 0.0, 0.0, 1e9, -1e9, 1e9]
    path, exporter = tmp_path / "ranker.onnx", Exporter()
    about = {"run_id": "r", "tower": "ranker"}
    batch = dict(zip(NAMES, torch.from_numpy(fresh.signals[:9]).unbind(1), strict=True))
    exporter.write(fitted.order_by, fitted.model, list(NAMES), batch, set(), path, about)
    columns = [pa.array(column, pa.float32(), from_pandas=True) for column in fresh.signals.T]  # NaN as NULL
    with duckdb.connect() as connection:
        register(connection)
        connection.register("pairs", pa.table(columns, names=list(NAMES)))
        found = connection.sql(f"select embed('{path}', pairs, 'ranker')[1] from pairs").fetchnumpy()
        assert connection.sql("select count(*) from pairs where due is null and constant is null").fetchall() == [(1,)]
    np.testing.assert_allclose(next(iter(found.values())), chances(fitted.model, fresh.signals), rtol=1e-4, atol=1e-7)


def test_the_same_seed_gives_the_same_chances() -> None:
    pairs, config = planted(60, by_signals=True, seed=0), TrainingConfig.from_settings(QUICK)
    first, again, other = (fitted_on(pairs, replace(config, seed=seed)) for seed in (0, 0, 1))
    states = [fitted.model.state_dict() for fitted in (first, again)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert (first.ranker_recall, first.order_by) == (again.ranker_recall, again.order_by)
    assert first.ranker_recall != other.ranker_recall


@pytest.mark.parametrize("case", ["no pairs", "one user", "nothing taken", "all taken", "fewer users than folds"])
def test_little_to_learn_from_leaves_the_order_to_the_towers(case: str) -> None:
    pairs, users = planted(40, by_signals=True, seed=0), {"no pairs": 0, "one user": 1, "fewer users than folds": 2}
    rows = slice(0, EACH * users.get(case, 40))
    parts = (pairs.signals, pairs.taken, pairs.repeat, pairs.user, pairs.wanted, pairs.list_of)
    pairs = Pairs(NAMES, *(part[rows] for part in parts))
    if case.endswith("taken"):
        pairs = replace(pairs, taken=np.full(len(pairs), case == "all taken"))
    fitted = fitted_on(pairs, replace(TrainingConfig.from_settings(QUICK), ranker_folds=4))
    assert fitted.order_by == "towers"
    assert np.isfinite([fitted.ranker_recall, fitted.towers_recall]).all()
    some = planted(5, by_signals=True, seed=1)
    found, known = chances(fitted.model, some.signals), ~np.isnan(some.signals[:, 0])
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found[known][np.argsort(some.tower_scores()[known])]) > -1e-6).all()


def test_no_network_is_left_without_users_to_learn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one that has learned nothing, the mean of the chances would be drawn towards a half."""
    pairs = planted(2, by_signals=True, seed=0)
    pairs = replace(pairs, taken=np.arange(len(pairs)) % EACH == 0)
    monkeypatch.setattr("two_tower.training.ranker.model.is_clearly_better", lambda *_: True)
    for seed in range(5):
        ranker = fitted_on(pairs, replace(TrainingConfig.from_settings(QUICK), seed=seed)).model
        assert isinstance(ranker, Ranker)
        assert all(network.get_submodule("linear").get_parameter("weight").any() for network in ranker.networks)


def examples_of(stage: str, cutoff: int, seed: int, users: int = 12) -> pd.DataFrame:
    """Rows of ranker_examples."""
    pairs = planted(users, by_signals=True, seed=seed)
    rows = pd.DataFrame(pairs.signals, columns=list(NAMES))
    return rows.assign(
        cutoff=np.int32(cutoff),
        stage=stage,
        user_id=[f"u{user}" for user in pairs.user],
        item_id=[f"i{place % EACH}" for place in range(len(rows))],
        is_repeat=pairs.repeat,
        found_by="towers",
        is_taken=pairs.taken,
        user_targets=pairs.wanted.astype(np.int32),
    )


class Shop:
    """ranker_examples and stages in a database, and rankers in a folder."""

    def __init__(self, folder: Path):
        self.folder, self.told = folder, list[str]()
        self.tables = {"validation": examples_of("validation", 2, 0), "evaluation": examples_of("evaluation", 1, 1)}

    def train(self, **settings: float) -> pd.DataFrame:
        """The run log."""
        with duckdb.connect() as connection:
            rows = pd.concat(self.tables.values())
            connection.register("rows", rows)
            connection.execute("create table ranker_examples as select * from rows")
            connection.execute("create table stages as select * from (values ('production', 0), ('validation', 2), "
                "('evaluation', 1)) t(stage, cutoff)")  # fmt: skip
            relations = {name: connection.table(name) for name in ("ranker_examples", "stages")}
            return train_rankers(relations, QUICK | settings, str(self.folder), self.told.append)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "models")


def runs(log: pd.DataFrame) -> dict[str, str]:
    """Run id by stage."""
    return dict(zip(log.stage, log.run_id, strict=True))


def counts(log: pd.DataFrame, name: str) -> dict[str, float]:
    rows = log[(log.kind == "count") & (log.name == name)]
    return dict(zip(rows.stage, rows.value, strict=True))


def test_a_stage_learns_from_older_ones_alone(shop: Shop) -> None:
    before = shop.train()
    assert set(before.stage) == {"evaluation", "production"}, "nothing is older than the validation stage"
    assert counts(before, "pairs") == {"evaluation": 12 * EACH, "production": 2 * 12 * EACH}
    assert counts(before, "users") == {"evaluation": 12, "production": 12}, "a user of two windows is one user"
    shop.tables["evaluation"]["is_taken"] ^= True
    after = shop.train()
    assert runs(after)["evaluation"] == runs(before)["evaluation"]
    assert runs(after)["production"] != runs(before)["production"]
    rows = ["kind", "name", "value", "text"]
    same = [log[log.stage == "evaluation"][rows].reset_index(drop=True) for log in (before, after)]
    pd.testing.assert_frame_equal(*same)


def test_what_did_not_change_is_not_fitted_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shop.train()
    shop.tables = {name: table[::-1] for name, table in shop.tables.items()}  # no order of rows
    monkeypatch.setattr(ranker_runs, "fit_ranker", lambda *_: pytest.fail("nothing changed"))
    pd.testing.assert_frame_equal(shop.train(), before)
    assert sum("is up to date, training skipped" in line for line in shop.told) == 2
    monkeypatch.undo()
    assert set(runs(shop.train(ranker_dropout=0.3)).values()).isdisjoint(runs(before).values())


def test_a_ranker_that_was_tampered_with_is_fitted_again(shop: Shop) -> None:
    log = shop.train()
    artifacts = log[(log.kind == "artifact") & (log.name == "ranker_model")].set_index("stage").text
    path = shop.folder / artifacts["production"]
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    again = shop.train()
    assert runs(again) == runs(log)
    assert path.read_bytes() == good, "from the same rows"
    assert {folder.name for folder in shop.folder.iterdir()} == set(runs(log).values()), "nothing half done is left"


def test_a_fit_that_fails_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_runs, "write_log", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        shop.train()
    assert not list(shop.folder.iterdir())


def test_served_files_give_the_chances_that_their_log_says(shop: Shop) -> None:
    log = shop.train()
    texts = log[log.kind.isin(["artifact", "metadata"])].set_index(["stage", "name"]).text
    numbers = log[log.kind == "recall"].set_index(["stage", "name"]).value
    for stage in ("evaluation", "production"):
        order_by = texts[stage, "order_by"]
        assert (order_by == "ranker") <= (numbers[stage, "ranker"] > numbers[stage, "towers"])
        with duckdb.connect() as connection:
            register(connection)
            connection.register("pairs", shop.tables["evaluation"])
            path = shop.folder / texts[stage, "ranker_model"]
            found = connection.sql(f"select embed('{path}', pairs, 'ranker')[1] as chance from pairs").fetchnumpy()
        assert ((found["chance"] > 0) & (found["chance"] < 1)).all()


def test_pairs_are_read_with_what_is_missing(shop: Shop) -> None:
    table = pa.Table.from_pandas(pd.concat(shop.tables.values()), preserve_index=False)
    nothing = pa.nulls(len(table), pa.float64())
    table = table.append_column("never", nothing)
    pairs = read_pairs(table, [*NAMES, "never"])
    expected = np.concatenate([planted(12, by_signals=True, seed=seed).signals for seed in (0, 1)])
    np.testing.assert_array_equal(pairs.signals[:, :-1], expected)
    assert np.isnan(pairs.signals[:, -1]).all()
    assert pairs.user.tolist() == [*np.repeat(np.arange(12), EACH)] * 2, "a user of two windows is one user"
    assert len(np.unique(pairs.list_of)) == 24
    empty = read_pairs(table.slice(0, 0), list(NAMES))
    assert empty.signals.shape == (0, len(NAMES))
    assert len(empty) == 0
