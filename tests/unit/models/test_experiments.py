"""Experiments that are simulated by the thousand, through the models' own SQL."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers.compiled_sql import REPOSITORY, Models
from jinja2 import Environment
from two_tower.python_udfs.plugin import register
from two_tower.python_udfs.statistics.significance import chi_square_tail

MODELS = dict.fromkeys(("experiment_assignments", "experiment_metrics", "experiment_results"), "experiments")
UPSTREAM = {
    "stg_users": {"user_id": "varchar"},
    "stg_interactions": {"user_id": "varchar"},
    "user_segments": {"user_id": "varchar", "segment": "varchar"},
    "exposures": {"experiment": "varchar", "user_id": "varchar", "variant": "varchar", "exposed_at": "timestamp"},
    "outcomes": {"user_id": "varchar", "occurred_at": "timestamp", "revenue": "double"},
}
EXPERIMENTS = {"lists": {"control": 3, "towers": 1}, "mails": {"control": 0.5, "a": 0.25, "b": 0.25}}
NOW = pd.Timestamp("2024-05-01")
DAY = pd.Timedelta(days=1)
SIMULATED = 1000


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models.of(
        tmp_path_factory.mktemp("experiments"), MODELS, UPSTREAM, two_tower_experiments=EXPERIMENTS,
        two_tower_exposures="exposures", two_tower_outcomes="outcomes", two_tower_experiment_holdout_share=0.1,
    )  # fmt: skip


def results(models: Models, exposures: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    connection = models.connect()
    for name, frame in (("exposures", exposures), ("outcomes", outcomes)):
        connection.register("frame", frame[list(UPSTREAM[name])])
        connection.execute(f"insert into {name} select * from frame")
    for statement in models.sql.values():
        connection.execute(statement)
    return connection.table("experiment_results").df()


def simulate(rng: np.random.Generator, users: int, lift: float) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """A thousand experiments with `users` per variant; and how much revenue correlates with the revenue before."""
    n = SIMULATED * users * 2
    exposures = pd.DataFrame({"experiment": np.repeat([f"e{i}" for i in range(SIMULATED)], users * 2)})
    exposures["user_id"] = [f"u{i}" for i in range(n)]
    exposures["variant"] = np.tile(np.repeat(["control", "towers"], users), SIMULATED)
    exposures["exposed_at"] = NOW
    before = rng.gamma(2.0, 10.0, n)
    after = 0.8 * before + rng.gamma(2.0, 6.0, n) + lift * (exposures.variant == "towers")
    buys = rng.random(n) < 0.3 + 0.1 * (lift > 0) * (exposures.variant == "towers")
    after = np.where(buys, after, 0.0)
    past = pd.DataFrame({"user_id": exposures.user_id, "occurred_at": NOW - 3 * DAY, "revenue": before})
    future = pd.DataFrame({"user_id": exposures.user_id[buys], "occurred_at": NOW + DAY, "revenue": after[buys]})
    # too early and too late to count
    stray = pd.concat([past.assign(occurred_at=NOW - 29 * DAY), past.assign(occurred_at=NOW + 14 * DAY)])
    correlation = np.corrcoef(before[exposures.variant == "control"], after[exposures.variant == "control"])[0, 1]
    return exposures, pd.concat([past, future, stray.sample(frac=0.2, random_state=0)]), float(correlation)


@pytest.fixture(scope="module")
def null_results(models: Models) -> tuple[pd.DataFrame, float]:
    exposures, outcomes, correlation = simulate(np.random.default_rng(1), 100, 0.0)
    return results(models, exposures, outcomes), correlation


def test_nothing_is_found_where_there_is_nothing(null_results: tuple[pd.DataFrame, float]) -> None:
    rows = null_results[0].query("variant == 'towers'")
    assert len(rows) == 2 * SIMULATED
    for metric, mine in rows.groupby("metric"):
        for name in ("difference", "cuped_difference"):
            false_positives = ((mine[f"{name}_low"] > 0) | (mine[f"{name}_high"] < 0)).mean()
            assert 0.03 <= false_positives <= 0.07, (metric, name, false_positives)


def test_cuped_narrows_the_interval_by_the_predicted_factor(null_results: tuple[pd.DataFrame, float]) -> None:
    rows, correlation = null_results
    mine = rows.query("variant == 'towers' and metric == 'revenue'")
    plain = (mine.difference_high - mine.difference_low).mean()
    cuped = (mine.cuped_difference_high - mine.cuped_difference_low).mean()
    assert correlation > 0.2
    assert cuped / plain == pytest.approx(math.sqrt(1 - correlation**2), rel=0.01)


def test_a_known_lift_lies_in_its_interval(models: Models) -> None:
    exposures, outcomes, _ = simulate(np.random.default_rng(2), 100, 5.0)
    rows = results(models, exposures, outcomes).query("variant == 'towers'")
    # E[revenue]: .3 buy for 16 + 12 in control, .4 for 5 more in the variant
    truth = {"conversion": 0.1, "revenue": 0.4 * (0.8 * 20 + 12 + 5) - 0.3 * (0.8 * 20 + 12)}
    for metric, mine in rows.groupby("metric"):
        for name in ("difference", "cuped_difference"):
            covered = ((mine[f"{name}_low"] <= truth[metric]) & (mine[f"{name}_high"] >= truth[metric])).mean()
            assert 0.93 <= covered <= 0.97, (metric, name, covered)


def test_a_broken_assignment_is_caught(models: Models) -> None:
    def exposed(experiment: str, counts: dict[str, int]) -> pd.DataFrame:
        variants = np.repeat(list(counts), list(counts.values()))
        users = [f"{experiment}{i}" for i in range(len(variants))]
        return pd.DataFrame({"experiment": experiment, "user_id": users, "variant": variants, "exposed_at": NOW})

    frames = [
        exposed("lists", {"control": 3000, "towers": 1000}),  # as its weights say
        exposed("mails", {"control": 500, "a": 250}),  # nobody saw b
        exposed("unplanned", {"control": 1000, "towers": 1150}),
        exposed("even", {"control": 1000, "towers": 1050}),
    ]
    frames.append(frames[0].head(300).assign(variant="towers"))  # saw both: in neither
    nothing = pd.DataFrame({"user_id": pd.Series(dtype=str), "occurred_at": NOW, "revenue": 0.0})
    rows = results(models, pd.concat(frames), nothing).drop_duplicates("experiment").set_index("experiment")
    assert rows.sample_ratio_p_value["unplanned"] == pytest.approx(chi_square_tail(150**2 / 2150, 1))
    assert rows.sample_ratio_p_value["even"] == pytest.approx(chi_square_tail(50**2 / 2050, 1))
    # 300 of 4000 in both make 2700 : 1000
    assert rows.sample_ratio_p_value["lists"] == pytest.approx(chi_square_tail(75**2 / 2775 + 75**2 / 925, 1))
    assert rows.has_sample_ratio_mismatch.to_dict() == {
        "lists": False,
        "mails": True,
        "unplanned": False,
        "even": False,
    }


def test_users_count_when_their_days_are_over_and_revenue_where_it_is_known(models: Models) -> None:
    users = [f"u{n}" for n in range(40)]
    exposures = pd.DataFrame({"experiment": "lists", "user_id": users, "variant": ["control", "towers"] * 20})
    exposures["exposed_at"] = [NOW - (1 if n < 10 else 14) * DAY for n in range(40)]
    outcomes = pd.DataFrame({"user_id": users[10:20], "occurred_at": NOW - DAY, "revenue": None})
    ends = pd.DataFrame({"user_id": ["somebody"], "occurred_at": [NOW], "revenue": [None]})
    rows = results(models, exposures, pd.concat([outcomes, ends]).astype({"revenue": "float64"}))
    assert set(rows.metric) == {"conversion"}, "no outcome has a revenue"
    assert rows["mean"].tolist() == [5 / 15, 5 / 15], "those of yesterday have had no time"
    assert rows.n_users.tolist() == [15, 15]


def test_a_variant_that_nobody_planned_is_a_mismatch(models: Models) -> None:
    exposures = pd.DataFrame(
        {"experiment": "lists", "user_id": ["a", "b"], "variant": ["control", "tower"], "exposed_at": NOW}
    )
    nothing = pd.DataFrame({"user_id": pd.Series(dtype=str), "occurred_at": NOW, "revenue": 0.0})
    assert results(models, exposures, nothing).has_sample_ratio_mismatch.all()


def test_assignment_follows_the_weights_and_is_independent_between_experiments(models: Models) -> None:
    connection = models.connect()
    connection.execute("insert into user_segments select 'user ' || range, 'all' from range(20000)")
    connection.execute(models.sql["experiment_assignments"])
    table = connection.table("experiment_assignments").df()
    again = models.connect()
    again.execute("insert into user_segments select 'user ' || range, 'all' from range(20000, -1, -1)")
    again.execute(models.sql["experiment_assignments"])
    moved = (
        again.table("experiment_assignments").df().merge(table, on=["experiment", "user_id"], suffixes=("", "_before"))
    )
    assert (moved.variant == moved.variant_before).all()
    wide = table.pivot(index="user_id", columns="experiment", values="variant")
    assert ((wide.lists == "holdout") == (wide.mails == "holdout")).all()
    assert (wide.lists == "holdout").mean() == pytest.approx(0.1, abs=0.01)
    inside = wide[wide.lists != "holdout"]
    assert (inside.lists == "control").mean() == pytest.approx(0.75, abs=0.015)
    assert inside.mails.value_counts(normalize=True).to_dict() == pytest.approx(
        {"control": 0.5, "a": 0.25, "b": 0.25}, abs=0.015
    )
    for _, group in inside.groupby("mails"):
        assert (group.lists == "control").mean() == pytest.approx(0.75, abs=0.025)


def test_needed_users_give_the_power_that_was_asked_for() -> None:
    text = (REPOSITORY / "macros" / "experiments" / "needed_users.sql").read_text()
    call = "select {{ needed_users(0.2, 0.2) }}, {{ needed_users(50, 0.1, deviation=30, correlation=0.6) }}"
    template = Environment(extensions=["jinja2.ext.do"], autoescape=False).from_string(text + call)
    connection = duckdb.connect()
    register(connection)
    shares, sums = connection.execute(template.render()).fetchall()[0]
    rng = np.random.default_rng(0)
    one, two = rng.binomial(shares, 0.2, 4000) / shares, rng.binomial(shares, 0.24, 4000) / shares
    error = np.sqrt((one * (1 - one) + two * (1 - two)) / shares)
    assert (two - one > 1.96 * error).mean() == pytest.approx(0.8, abs=0.025)
    error = 30 * math.sqrt(1 - 0.6**2) * math.sqrt(2 / sums)
    assert (rng.normal(5, error, 20000) > 1.96 * error).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"), [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (11.34487, 3, 0.01), (13.27670, 4, 0.01)]
)
def test_chi_square_tail_is_that_of_the_tables(statistic: float, degrees: int, p: float) -> None:
    assert chi_square_tail(statistic, degrees) == pytest.approx(p, rel=1e-5)
