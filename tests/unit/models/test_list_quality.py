"""Trials of the published lists on a planted world, and gates that a broken list does not pass."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers.evaluation_sql import Evaluation

CUTOFF, DAY = pd.Timestamp("2024-05-01"), pd.Timedelta(days=1)
PAIRS, USERS = 20, 40
NEW = [f"n{n}" for n in range(30)]
TRIED = ("bought_together", "buy_again", "complete_basket", "new_arrivals", "recommendations_by_category")
# what makes each list as bad as it can be
BROKEN = {
    "bought_together": ("order by confidence / power(other_baskets, 0.1) desc", "order by confidence asc"),
    "buy_again": ("order by chances.chance desc", "order by chances.chance asc"),
    "new_arrivals": ("order by chances.chance desc", "order by chances.chance asc"),
    "recommendations_by_category": (
        "order by {{ two_tower.worth('chances.chance', 'categories.relative_value') }} desc",
        "order by chances.chance asc",
    ),
}


def pair(user: int, day: int) -> list[str]:
    """Two items that are always had together, another pair every day."""
    number = (user + day) % PAIRS
    return [f"i{2 * number}", f"i{2 * number + 1}"]


def events() -> pd.DataFrame:
    """Every user has each pair twice before the cutoff and five pairs after it; new items come at its eve."""
    rows = [(f"u{u}", i, CUTOFF - d * DAY, 1) for u in range(USERS) for d in range(1, 41) for i in pair(u, d)]
    rows += [(f"u{u}", i, CUTOFF + d * DAY, 0) for u in range(USERS) for d in range(1, 6) for i in pair(u, d)]
    # before the cutoff something else lies in each basket, too, and no pair of it is rare
    rows += [
        (f"u{u}", f"i{(u * 7 + d * d * k) % (2 * PAIRS)}", CUTOFF - d * DAY, 1)
        for u in range(USERS)
        for d in range(1, 41)
        for k in range(1, 6)
    ]
    rows += [("first", item, CUTOFF - DAY, 1) for item in NEW]
    rows += [(f"u{u}", NEW[u % 30], CUTOFF + 9 * DAY, 0) for u in range(USERS)]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "event_at", "window_number"]).drop_duplicates()


def candidates(shop: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Everything that a user had, and all new items; the chance knows what will be taken."""
    had = shop[shop.window_number == 1][["user_id", "item_id"]].drop_duplicates().assign(is_repeat=True)
    users = [f"u{u}" for u in range(USERS)]
    new = pd.DataFrame([(u, i, False) for u in users for i in NEW], columns=["user_id", "item_id", "is_repeat"])
    frame = pd.concat([had[had.user_id != "first"], new])
    known = set(zip(taken.user_id, taken.item_id, strict=True))
    frame["chance"] = [0.9 if pair in known else 0.1 for pair in zip(frame.user_id, frame.item_id, strict=True)]
    return frame.assign(tower_score=1.0)


def world() -> dict[str, pd.DataFrame]:
    """What the evaluation reads."""
    shop = events()
    taken = shop[shop.window_number == 0][["user_id", "item_id"]].drop_duplicates()
    items = sorted(set(shop.item_id))
    features = pd.DataFrame({"item_id": items, "cutoff": 1, "users": 10.0, "recent_users": 10.0})
    features["days_since_first"] = [1.0 if item in NEW else 40.0 for item in items]
    kinds = pd.DataFrame({"item_id": items, "category": "all", "relative_value": 1.0})
    kinds["kind"] = [f"{item[0]}{int(item[1:]) % 2}" for item in items]
    return {
        "interaction_splits": shop,
        "cutoff_targets": taken.assign(cutoff=1, is_repeat=~taken.item_id.isin(NEW)),
        "evaluated_candidates": candidates(shop, taken),
        "item_features": features,
        "item_categories": kinds,
        "stages": pd.DataFrame([{"stage": "evaluation", "cutoff": 1, "now_at": CUTOFF}]),
        "user_segments": pd.DataFrame({"user_id": sorted(set(shop.user_id)), "segment": "all"}),
    }


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    gates = dict.fromkeys(TRIED, -0.05)
    return Evaluation.of(tmp_path_factory.mktemp("quality"), world(), two_tower_min_list_lift=gates).run()


def test_good_lists_pass_and_every_gate_is_shown(evaluation: Evaluation) -> None:
    quality = evaluation.table("list_quality")
    value = quality.groupby(["list_type", "task"]).value.min()
    assert value["bought_together", "another item of a basket"] > 0
    assert value["buy_again", "taken of the list"] == 1
    assert value["buy_again", "order of what is taken (AUC)"] == 1
    assert value["buy_again", "one minus the squared error of the chance"] == pytest.approx(0.99)
    assert value["new_arrivals", "new items that are taken"] == 1
    by_chance = quality[(quality.list_type == "new_arrivals") & (quality.baseline == "chance")].baseline_value
    assert by_chance.tolist() == pytest.approx([10 / 30])
    gates = evaluation.table("gates").query("gate == 'list_quality'")
    assert set(gates.model) == set(TRIED)
    assert gates.is_passed.all()
    assert gates.message.isna().all()
    assert gates.headroom.tolist() == pytest.approx((gates.value - gates.threshold).tolist())


def test_trade_offs_say_what_places_for_new_items_cost(evaluation: Evaluation) -> None:
    """Ten of ten places are taken without a knob; of three new items, which nobody else wants, one is."""
    found = evaluation.table("list_trade_offs").set_index(["knob", "weight"])
    assert set(found.index.get_level_values("knob")) == {"two_tower_diversity", "two_tower_new_item_share"}
    without, kept = found.loc["two_tower_new_item_share", 0.0], found.loc["two_tower_new_item_share", 0.3]
    assert (without.n_users, without.recall, without.difference) == (USERS, 1, 0)
    assert (kept.recall, kept.difference, kept.new_item_share) == pytest.approx((0.8, -0.2, 0.3))
    assert (without.expected_value, kept.expected_value) == pytest.approx((9, 7.4))
    assert kept.difference_low <= kept.difference <= kept.difference_high < 0
    assert kept.coverage > 0
    same = found.loc["two_tower_diversity"]
    assert (same.recall == 1).all(), "all items are of one category"


def test_a_broken_list_fails_its_gate(evaluation: Evaluation) -> None:
    for name, (good, bad) in BROKEN.items():
        path = evaluation.folder / "macros" / "list_types" / f"{name}.sql"
        text = path.read_text()
        assert good in text
        path.write_text(text.replace(good, bad))
    done = evaluation.dbt("build", "--exclude", "test_type:unit")
    done.must_fail()
    gates = evaluation.table("gates").query("gate == 'list_quality'")
    assert set(gates[~gates.is_passed].model) == set(TRIED)
    for name in TRIED:
        assert f"Gate list_quality failed: list {name}: lower bound of" in done.output
