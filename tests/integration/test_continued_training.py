"""A run that goes on from an earlier one's towers becomes as good as one that starts afresh, by fewer passes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers.demo_project import Shop

SETTINGS = {"threads": 1, "factors": 32, "content": 32, "recall_steps": 150}  # a few hundred users take no more
WEEK_BEFORE = "2017-10-01"  # the shop's last day is the eighth
RECALLS = """
    with relevant as (from relevant_items where slice = 'all'),
    lists as (from evaluation_recommendations where rank <= 10)
    select policy, count(lists.item_id) / least(10, count(*))
    from relevant left join lists using (policy, user_id, item_id)
    group by policy, user_id order by policy, user_id
"""
STARTS = "select horizon, run_id, text from training_runs where name = 'continued_from' order by horizon"
PASSES = "select phase, count(*) from training_epochs where horizon = 'evaluation' group by phase order by phase"


@pytest.fixture(scope="module")
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(users=300)


def run(shop: Shop, continuations: int, horizons: tuple[str, ...] = ("evaluation",), as_of: str = "") -> None:
    shop.dbt(
        "run", "--select", "+evaluation_recommendations", "+relevant_items", "training_epochs",
        two_tower_as_of=as_of, two_tower_dim=128, two_tower_horizons=horizons,
        two_tower_training=SETTINGS | {"continuations": continuations},
    ).must_pass()  # fmt: skip


def recalls(shop: Shop) -> dict[str, np.ndarray]:
    """Recall@10 in the test window of each user, by policy."""
    rows = shop.rows(RECALLS)
    return {policy: np.array([recall for name, recall in rows if name == policy]) for policy in ("new", "repeats")}


def test_a_week_later_training_goes_on_and_is_as_good_as_a_new_one(shop: Shop) -> None:
    run(shop, 1, ("evaluation", "production"), WEEK_BEFORE)
    (evaluation, run_id, before), (_, _, other) = shop.rows(STARTS)
    assert (evaluation, before, other) == ("evaluation", None, run_id), "today's towers go on from those of the test"

    run(shop, 1)
    rows = shop.rows(STARTS)
    assert rows[0][2] == run_id, "and not from towers that saw the test window"
    assert rows[0][1] != run_id
    continued, (phases,) = recalls(shop), shop.rows(PASSES)
    assert phases[0] == "final"

    run(shop, 0)
    assert shop.rows(STARTS)[0][2] is None
    fresh, curve = recalls(shop), dict(shop.rows(PASSES))
    assert 3 * phases[1] <= sum(curve.values()), (phases, curve)
    for policy, recall in fresh.items():
        margin = 1.96 * recall.std() / len(recall) ** 0.5
        assert recall.mean() > 0.1
        assert continued[policy].mean() > recall.mean() - margin, (policy, continued[policy].mean(), recall.mean())
