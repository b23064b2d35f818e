"""Every recommendation type against its definition, on given embeddings; the table macros in a bare duckdb."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import torch
from helpers.recommendation_sql import REPOSITORY, Published
from helpers.small_warehouse import contracts
from two_tower.training.export import Exporter
from two_tower.training.ranker.model import TowerOrder
from two_tower.training.run_log import sha256

K, DIM, USERS, ITEMS = 5, 8, 40, 60
NOW = pd.Timestamp("2024-05-01")
VECTOR = f"float[{DIM}]"
SILENT = [f"u{n}" for n in range(36, 40)]  # nothing is known of them
NAMELESS = "i1"  # an item without a label
VARS = {
    "two_tower_k": K, "two_tower_dim": DIM, "two_tower_audience_size": 7,
    "two_tower_min_support": 3, "two_tower_reason_items": 60, "two_tower_recent_days": 20,
    "two_tower_min_chance": 0, "two_tower_kind": "", "two_tower_new_days": 75,
    "two_tower_user_exclusions": "unwanted", "two_tower_item_availability": "shelf",
}  # fmt: skip


TYPES = {
    "stg_users": "user_id user_label age store",
    "stg_items": "item_id item_label item_value department",
    "stg_interactions": "user_id item_id event_at",
    "interaction_splits": "user_id item_id event_at order_id price window_number",
    "stages": "stage vocabulary cutoff as_of now_at",
    "cutoffs": "cutoff last_at",
    "user_values": "user_id feature value",
    "item_features": "cutoff item_id recent_users users new_users days_since_first return_days return_share",
    "user_histories": (
        "cutoff user_id item_id position interactions recency_weight interval_days days_since_first days_since_last "
        "is_recent"
    ),
    "cutoff_targets": "cutoff user_id item_id",
    "group_lifts": "cutoff feature value item_id users expected_users lift",
    "item_weights": "stage item_id given_item_id weight",
    "item_embeddings": "stage item_id run_id embedding",
    "user_embeddings": "stage user_id run_id source embedding",
    "model_registry": "stage dim sequence_dim factors_dim",
    "ranker_registry": "stage run_id ranker_model ranker_model_sha256",
    "unwanted": "user_id item_id",
    "shelf": "item_id",
}
NUMBERS = (
    "store", "recent_users", "users", "new_users", "interactions", "recency_weight", "interval_days",
    "days_since_first", "days_since_last", "expected_users", "lift", "weight", "item_value", "price",
    "return_days", "return_share",
)  # fmt: skip
WHOLE = ("cutoff", "position", "window_number", "dim", "sequence_dim", "factors_dim")
OTHERS = {
    "event_at": "timestamp", "as_of": "timestamp", "now_at": "timestamp", "last_at": "timestamp",
    "embedding": VECTOR, "is_recent": "boolean",
} | dict.fromkeys(NUMBERS, "double") | dict.fromkeys(WHOLE, "integer")  # fmt: skip
LISTS_OF_OURS = REPOSITORY / "models" / "recommendations"
SIGNALS = ("tower_score", "item_recent_users")


@dataclass(frozen=True)
class World:
    shop: Published
    user: dict[str, np.ndarray]
    item: dict[str, np.ndarray]
    department: dict[str, str]
    events: pd.DataFrame
    unwanted: set[tuple[str, str]]
    hidden: set[str]

    def may_see(self, user: str, item: str) -> bool:
        return item not in self.hidden and (user, item) not in self.unwanted


def histories(events: pd.DataFrame) -> pd.DataFrame:
    """user_histories at cutoff 0."""
    end = NOW
    frame = events.groupby(["user_id", "item_id"]).event_at.agg(["min", "max", "count"]).reset_index()
    days = pd.Timedelta(days=1)
    frame["cutoff"], frame["interactions"] = 0, frame["count"].astype(float)
    frame["days_since_last"] = (end - frame["max"]) / days
    frame["days_since_first"] = (end - frame["min"]) / days
    frame["recency_weight"] = 2 ** -(frame["days_since_last"] / 180)
    frame["interval_days"] = (frame.days_since_first - frame.days_since_last) / (frame["count"] - 1).clip(lower=1)
    frame["is_recent"] = frame.days_since_last < 28
    frame["position"] = frame.groupby("user_id")["max"].rank(ascending=False, method="first").astype(int)
    return frame


def vectors(of: dict[str, np.ndarray], key: str, **more: str) -> pd.DataFrame:
    frame = pd.DataFrame({key: list(of), "embedding": [v.tolist() for v in of.values()]})
    return frame.assign(stage="production", run_id="run", **more)


def write_ranker(path: Path) -> None:
    """A ranker that follows the towers, and popularity where they know nothing of a user."""
    batch = {name: torch.zeros(2) for name in SIGNALS}
    about = {"run_id": "run", "tower": "ranker"}
    Exporter().write(
        "towers",
        TowerOrder(SIGNALS, np.zeros((2, len(SIGNALS)), np.float32)).eval(),
        list(SIGNALS),
        batch,
        set(),
        path,
        about,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    rng = np.random.default_rng(5)
    item = {f"i{n}": rng.standard_normal(DIM).astype(np.float32) for n in range(ITEMS)}
    user = {f"u{n}": rng.standard_normal(DIM).astype(np.float32) for n in range(USERS) if f"u{n}" not in SILENT}
    department = {i: "ABC"[n % 3] for n, i in enumerate(item)}
    popularity = 1 / np.arange(1, ITEMS + 1)
    rows = []
    for name in user:
        for day in rng.integers(1, 80, 12):
            for number in set(rng.choice(ITEMS, 5, p=popularity / popularity.sum()).tolist()):
                rows.append((name, f"i{number}", NOW - pd.Timedelta(days=int(day)) + pd.Timedelta(seconds=1)))
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event_at"]).drop_duplicates()
    twice = events.iloc[::7].assign(event_at=events.event_at + pd.Timedelta(seconds=5))  # at one till
    events = pd.concat([events, twice], ignore_index=True)
    # the newest event tells what now is: a second before
    events.loc[0, "event_at"] = NOW - pd.Timedelta(seconds=1)
    unwanted = {("u0", "i0"), ("u0", "i1"), ("u3", "i2")}
    hidden = {"i3", "i7", "i50"}
    known = histories(events)
    recent = known[known.days_since_last <= 28].groupby("item_id").user_id.nunique()
    features = pd.DataFrame({"item_id": list(item), "cutoff": 0})
    features["recent_users"] = features.item_id.map(recent).fillna(0.0)
    first = known[known.days_since_first <= 28].groupby("item_id").user_id.nunique()
    features["new_users"] = features.item_id.map(first).fillna(0.0)
    features["days_since_first"] = features.item_id.map(known.groupby("item_id").days_since_first.max())
    features["users"] = features.item_id.map(known.groupby("item_id").user_id.nunique()).fillna(0.0)
    zeros = {name: np.zeros(DIM, np.float32) for name in SILENT}
    embeddings = pd.concat(
        [
            vectors(user, "user_id", source="history"),
            vectors(zeros, "user_id", source="nothing"),
        ]
    )
    ages = pd.DataFrame({"user_id": [*user, *SILENT]})
    ages["user_label"] = ["Ms " + name for name in ages.user_id]
    ages["age"] = ["young" if n % 2 else "old|wise" for n in range(USERS)]
    ages["store"] = [float(n % 3) for n in range(USERS)]
    folder = tmp_path_factory.mktemp("types")
    write_ranker(folder / "ranker.onnx")
    rows_of = {
        "stg_users": ages,
        "stg_items": pd.DataFrame(department.items(), columns=["item_id", "department"]).assign(
            item_label=[None if name == NAMELESS else f"the {name}" for name in department]
        ),
        "stg_interactions": events,
        "interaction_splits": events.assign(window_number=0),
        "stages": pd.DataFrame(
            [{"stage": "production", "vocabulary": "production", "cutoff": 0, "as_of": NOW, "now_at": NOW}]
        ),
        "cutoffs": pd.DataFrame([{"cutoff": 0, "last_at": events.event_at.max()}]),
        "user_values": pd.DataFrame(),
        "item_features": features,
        "user_histories": known,
        "cutoff_targets": pd.DataFrame(),
        "group_lifts": pd.DataFrame(),
        "item_weights": pd.DataFrame(),
        "model_registry": pd.DataFrame([{"stage": "production", "dim": DIM, "sequence_dim": 0, "factors_dim": 5}]),
        "ranker_registry": pd.DataFrame(
            [
                {
                    "stage": "production",
                    "run_id": "run",
                    "ranker_model": "ranker.onnx",
                    "ranker_model_sha256": sha256(folder / "ranker.onnx"),
                }
            ]
        ),
        "item_embeddings": vectors(item, "item_id"),
        "user_embeddings": embeddings,
        "unwanted": pd.DataFrame(sorted(unwanted), columns=["user_id", "item_id"]),
        "shelf": pd.DataFrame({"item_id": [i for i in item if i not in hidden]}),
    }
    tables = {
        name: ({c: OTHERS.get(c, "varchar") for c in TYPES[name].split()}, rows) for name, rows in rows_of.items()
    }
    shop = Published.of(folder, tables, two_tower_model_dir=str(folder), **VARS)
    done = shop.dbt("build", "--indirect-selection", "cautious")
    done.must_pass()
    return World(shop, user, item, department, events, unwanted, hidden)


def best(scores: dict[str, float], k: int) -> list[str]:
    return sorted(scores, key=lambda name: -scores[name])[:k]


def lists(frame: pd.DataFrame, key: str | list[str], other: str) -> dict[object, list[str]]:
    return frame.sort_values("rank").groupby(key)[other].agg(list).to_dict()


def test_by_category_are_the_best_within_each(world: World) -> None:
    found = lists(world.shop.table("from recommendations_by_category"), ["user_id", "category"], "item_id")
    assert len(found) == USERS * 3
    for user, vector in world.user.items():
        for category in "ABC":
            scores = {
                i: float(vector @ v)
                for i, v in world.item.items()
                if world.department[i] == category and world.may_see(user, i)
            }
            assert found[user, category] == best(scores, K)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def likeness(world: World) -> dict[str, dict[str, float]]:
    """Of each item that sells, how much every other one is like it: of one department, had by the same users, sold."""
    recent = world.shop.table("select item_id, recent_users from item_features where recent_users >= 3")
    sold = recent.set_index("item_id").recent_users
    near = world.shop.table("select item_id, neighbour_id, similarity from item_neighbours where stage = 'production'")
    cosines = near.set_index(["item_id", "neighbour_id"]).similarity.to_dict()
    scores: dict[str, dict[str, float]] = {}
    for item in sold.index:
        for other in set(sold.index) - world.hidden - {item}:
            same = float(world.department[item] == world.department[other])
            both = cosines.get((item, other), 0.0)
            if same or both:
                scores.setdefault(item, {})[other] = same * (1 + 6 * both) + 0.5 * both + 0.02 * np.log1p(sold[other])
    return scores


def test_similar_items_share_traits_and_users_and_are_no_hubs(world: World) -> None:
    scores = likeness(world)
    most = 3 * K  # places that an item may have in so small a shop
    kept = {
        other: set(sorted((i for i in scores if other in scores[i]), key=lambda i: -scores[i][other])[:most])
        for other in world.item
    }
    found = lists(world.shop.table("from similar_items"), "item_id", "similar_item_id")
    assert set(found) == set(scores)
    for item, neighbours in found.items():
        mine = {other: score for other, score in scores[str(item)].items() if item in kept[other]}
        assert neighbours == best(mine, K)


def test_similar_users_are_the_nearest_by_cosine(world: World) -> None:
    found = lists(world.shop.table("from similar_users"), "user_id", "similar_user_id")
    assert set(found) == set(world.user)
    for user, neighbours in found.items():
        scores = {u: cosine(world.user[str(user)], v) for u, v in world.user.items() if u != user}
        assert neighbours == best(scores, K)


def test_audiences_are_the_likeliest_users(world: World) -> None:
    found = lists(world.shop.table("from item_audiences"), "item_id", "user_id")
    assert "i0" in found
    assert not set(found) & world.hidden
    chances = world.shop.table("select item_id, user_id, score from ranked_candidates")
    for item, users in found.items():
        mine = chances[chances.item_id == item].set_index("user_id").score
        assert mine[users].tolist() == pytest.approx(mine.nlargest(7).tolist())


def test_who_had_most_of_the_kind_fills_an_audience(world: World) -> None:
    chosen = "select user_id from ranked_candidates where item_id = 'i0' order by score desc limit 2"
    known = histories(world.events)
    known = known[known.item_id.map(world.department) == world.department["i0"]]
    weights = known.groupby("user_id").recency_weight.sum().to_dict()
    with duckdb.connect(str(world.shop.folder / "shop.duckdb")) as connection:
        connection.execute("create table all_ranked as from ranked_candidates")
        connection.execute(f"delete from ranked_candidates where item_id = 'i0' and user_id not in ({chosen})")
    try:
        likeliest = world.shop.table(chosen).user_id.tolist()
        world.shop.dbt("run", "--select", "item_audiences").must_pass()
        audience_of_few = world.shop.table("from item_audiences where item_id = 'i0' order by rank")
    finally:
        with duckdb.connect(str(world.shop.folder / "shop.duckdb")) as connection:
            connection.execute("create or replace table ranked_candidates as from all_ranked")
        world.shop.dbt("run", "--select", "item_audiences").must_pass()
    others = {user: w for user, w in weights.items() if user not in likeliest and world.may_see(user, "i0")}
    assert audience_of_few.user_id.tolist() == likeliest + best(others, 5)
    assert audience_of_few.score.isna().tolist() == [False] * 2 + [True] * 5


def confidences(world: World, item: str) -> dict[str, tuple[int, float, float]]:
    """Of what goes with an item: baskets with both, shrunken confidence, and lift, of at least chance."""
    baskets = world.events.assign(day=world.events.event_at.dt.date).groupby(["user_id", "day"]).item_id.agg(set)
    number = {i: sum(i in basket for basket in baskets) for i in world.item}
    of_kind = [b for b in baskets if any(world.department[i] == world.department[item] for i in b)]
    found = {}
    for other in set(world.item) - world.hidden - {item}:
        support = sum({item, other} <= basket for basket in baskets)
        support = support if support >= 2 else 0
        share = sum(other in basket for basket in of_kind) / len(of_kind)
        share = share if world.department[other] != world.department[item] else number[other] / len(baskets)
        confidence = (support + 10 * share) / (number[item] + 10)
        if number[other] >= 3 and confidence and confidence * len(baskets) >= number[other]:
            found[other] = (support, confidence, confidence * len(baskets) / number[other])
    return found


def test_bought_together_counts_baskets(world: World) -> None:
    frame = world.shop.table("from bought_together")
    for item in ("i0", "i5", "i20"):
        mine = frame[frame.item_id == item].sort_values("rank")
        expected = confidences(world, item)
        number = {other: confidence / lift for other, (_, confidence, lift) in expected.items()}
        order = best({other: expected[other][1] / number[other] ** 0.1 for other in expected}, K)
        assert mine.bought_item_id.tolist() == order
        assert list(zip(mine.support, mine.confidence, mine.lift, strict=True)) == [
            pytest.approx(expected[other]) for other in order
        ]
    assert (frame.lift_low[frame.support == 0] == 0).all()
    assert (frame.lift_low[frame.support > 0] > 0).all()


def test_an_order_is_one_basket(world: World) -> None:
    types = {c: OTHERS.get(c, "varchar") for c in TYPES["interaction_splits"].split()}
    orders = world.events.assign(window_number=0, order_id=world.events.user_id)  # all that a user had is one order
    world.shop.give("interaction_splits", types, orders)
    try:
        world.shop.dbt("run", "--select", "interaction_splits", "bought_together").must_pass()
        most = world.shop.table("select max(support) as most from bought_together").most[0]
        assert most > 20  # of 36 users, each with one basket
    finally:
        world.shop.give("interaction_splits", types, world.events.assign(window_number=0))
        world.shop.dbt("run", "--select", "interaction_splits", "bought_together").must_pass()


def test_popular_and_trending_count_users_of_the_segment(world: World) -> None:
    age = {f"u{n}": "young" if n % 2 else "old|wise" for n in range(USERS)}
    events = world.events.assign(segment=world.events.user_id.map(age), days=(NOW - world.events.event_at).dt.days)
    events = events[~events.item_id.isin(world.hidden) & (events.days < 40)]
    for segment in ("young", "old|wise", "all"):
        mine = events if segment == "all" else events[events.segment == segment]
        now = mine[mine.days < 20].groupby("item_id").user_id.nunique()
        before = mine[mine.days >= 20].groupby("item_id").user_id.nunique().reindex(list(world.item), fill_value=0)
        popular = world.shop.table(f"from popular_items where segment = '{segment}' order by rank")
        assert popular.users.tolist() == sorted(now, reverse=True)[:K]
        assert popular.item_id.map(now).tolist() == popular.users.tolist()
        growth = now.sum() / before.sum()
        scores = {
            i: (n - growth * before[i]) / (growth * (n + before[i])) ** 0.5
            for i, n in now.items()
            if n >= 3 and n > growth * before[i]
        }
        trending = world.shop.table(f"from trending_items where segment = '{segment}' order by rank")
        assert trending.score.tolist() == pytest.approx(sorted(scores.values(), reverse=True)[:K])
        assert trending.item_id.map(scores).tolist() == pytest.approx(trending.score.tolist())


def test_buy_again_is_what_was_had_more_than_once_by_its_chance(world: World) -> None:
    known = histories(world.events)
    days_had = world.events.assign(day=world.events.event_at.dt.date).groupby(["user_id", "item_id"]).day.nunique()
    known["purchases"] = known.set_index(["user_id", "item_id"]).index.map(days_had)
    assert (known["count"] > known.purchases).any()
    known = known[known.purchases > 1].assign(due=lambda f: f["max"] + (f["max"] - f["min"]) / (f.purchases - 1))
    chances = world.shop.table("select user_id, item_id, score from ranked_candidates")
    known = known.merge(chances, on=["user_id", "item_id"])
    found = world.shop.table("from buy_again")
    for user in world.user:
        mine = known[known.user_id == user].set_index("item_id").sort_values("score", ascending=False)
        rows = found[found.user_id == user].sort_values("rank")
        assert rows.item_id.tolist() == mine.index[:K].tolist()
        assert rows.purchases.tolist() == mine.purchases[:K].tolist()
        late = pd.to_datetime(rows.due_on).to_numpy() - mine.due[:K].dt.normalize().to_numpy()
        assert (abs(late) <= np.timedelta64(1, "D")).all()  # seconds between two scans at one till


def test_new_arrivals_are_the_best_of_what_came_lately(world: World) -> None:
    first = histories(world.events).groupby("item_id").days_since_first.max()
    new = set(first.index[first < 75]) - world.hidden
    assert new
    chances = world.shop.table("select user_id, item_id, score, is_repeat from ranked_candidates")
    chances = chances[chances.item_id.isin(new) & ~chances.is_repeat]
    found = lists(world.shop.table("from new_arrivals"), "user_id", "item_id")
    for user, mine in chances[~chances.user_id.isin(SILENT)].groupby("user_id"):  # theirs are ties
        assert found[user] == best(mine.set_index("item_id").score.to_dict(), K)


def test_places_for_new_items_are_the_last_ones(world: World) -> None:
    new = world.shop.table("select distinct item_id from new_arrivals").item_id.tolist()
    before = world.shop.table("from ranked_candidates order by user_id, rank")
    names = ["ranked_candidates", "recommendations"]
    try:
        done = world.shop.dbt("run", "--select", *names, two_tower_new_item_share=0.4)
        done.must_pass()
        after = lists(world.shop.table("from ranked_candidates"), "user_id", "item_id")
        published = lists(world.shop.table("from recommendations"), "user_id", "item_id")
    finally:
        world.shop.dbt("run", "--select", *names).must_pass()
    moved = 0
    for user, mine in before.groupby("user_id"):
        order = mine.item_id.tolist()
        best_new = [i for i, had in zip(mine.item_id, mine.is_repeat, strict=True) if i in new and not had][:2]
        late = [i for i in best_new if order.index(i) >= K - 2]
        others = [i for i in order if i not in late]
        expected = others[: K - len(late)] + late + others[K - len(late) :]
        assert after[user] == expected
        assert published[user] == expected[:K]
        moved += order[:K] != expected[:K]
    assert moved > USERS / 2


def test_reasons_are_the_ridge_parts_of_the_score(world: World) -> None:
    known = histories(world.events)
    rows = world.shop.table("from recommendations")
    assert rows[rows.user_id.isin(SILENT)].history_score.isna().all()
    assert set(rows[rows.user_id.isin(SILENT)].source) == {"popularity"}
    for user, vector in world.user.items():
        names = known[known.user_id == user].item_id.tolist()
        V = np.stack([world.item[i] for i in names]).astype(float)
        penalty = (V**2).sum() / len(V)
        weights = np.linalg.solve(V @ V.T + penalty * np.eye(len(V)), V @ vector)
        for row in rows[rows.user_id == user].itertuples():
            parts = dict(zip(names, weights * (V @ world.item[row.item_id]), strict=True))
            assert row.history_score == pytest.approx(sum(parts.values()), abs=1e-4)
            assert list(row.reasons) == best(parts, 3)
            assert list(row.reasons.values()) == pytest.approx([parts[i] for i in row.reasons], abs=1e-4)
            # what the user is made of explains most of the dot product
            product = float(vector @ world.item[row.item_id])
            assert abs(row.history_score - product) < 0.5 * abs(product) + 0.5


SHELL = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall())"


def bare(file: Path, query: str) -> list[tuple[object, ...]]:
    """Rows of a query in a process of its own that has no plugin, the file read-only."""
    done = subprocess.run([sys.executable, "-c", SHELL, str(file), query], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows: list[tuple[object, ...]] = eval(done.stdout, {"nan": float("nan")})
    return rows


@pytest.fixture(scope="module")
def file(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("analyst") / "copy_of_monday.duckdb"
    shutil.copy(world.shop.folder / "shop.duckdb", copy)
    copy.chmod(0o444)
    return copy


def named(id_: str) -> str | None:
    """The label that a user or an item has."""
    return None if id_ == NAMELESS else {"u": "Ms ", "i": "the "}[id_[0]] + id_


LISTS = [path.stem for path in sorted(LISTS_OF_OURS.glob("*.sql")) if "rank" in contracts().get(path.stem, {})]
CALLS = (
    "recommend_for('u0', 20)", "recommend_for_items(['i0', 'i5'], 20)", "rank_items_for('u0', ['i1', 'i2', 'i9'])",
    "complete_basket(['i0', 'i5'], 20)", "similar_to('i0', 20)", "audience_for('i0', 9)",
)  # fmt: skip


@pytest.mark.parametrize("relation", [*LISTS, *CALLS])
def test_lists_carry_a_name_right_after_each_id(file: Path, relation: str) -> None:
    columns = [str(column) for (column,) in bare(file, f"select column_name from (describe from {relation})")]
    ids = [column for column in columns if column.endswith(("user_id", "item_id"))]
    assert ids
    for column in ids:
        label = column.removesuffix("_id") + "_label"
        assert columns[columns.index(column) + 1] == label
        pairs = bare(file, f"select distinct {column}, {label} from {relation}")
        assert pairs == [(id_, named(str(id_))) for id_, _ in pairs]


def test_some_list_has_an_item_without_a_name(file: Path) -> None:
    assert bare(file, f"select distinct item_label from popular_items where item_id = '{NAMELESS}'") == [(None,)]


def test_bare_shell_recommends_beyond_the_published_list(world: World, file: Path) -> None:
    rows = bare(file, "select rank, item_id from recommend_for('u0', 9)")
    scores = {i: float(world.user["u0"] @ v) for i, v in world.item.items() if world.may_see("u0", i)}
    assert rows == list(enumerate(best(scores, 9), start=1))
    assert len(bare(file, "from recommend_for('u1')")) == 10
    # who is known without a history gets what the ranker makes of the popular items
    for user, source in (
        ("nobody", "popular_items where segment = 'all'"),
        (SILENT[0], f"ranked_candidates where user_id = '{SILENT[0]}'"),
    ):
        listed = bare(file, f"select item_id, source from recommend_for('{user}', 3)")
        assert listed == bare(file, f"select item_id, 'popularity' from {source} and rank <= 3 order by rank")
        assert len(listed) == 3


def test_bare_shell_finds_similar_items_of_any_item(world: World, file: Path) -> None:
    scores = likeness(world)["i0"]
    listed = [item for (item,) in bare(file, f"select similar_item_id from similar_to('i0', {K})")]
    assert listed == best(scores, K)
    same = {i: score for i, score in scores.items() if world.department[i] == world.department["i0"]}
    other = {i: score for i, score in scores.items() if i not in same}
    for kind, mine in (("same", same), ("other", other)):
        listed = [item for (item,) in bare(file, f"select similar_item_id from similar_to('i0', 4, kind := '{kind}')")]
        assert listed == best(mine, 4)
    # nobody had it lately
    rare = bare(file, "select item_id from item_features where recent_users < 3 limit 1")[0][0]
    alike = [item for (item,) in bare(file, f"select similar_item_id from similar_to('{rare}', 3)")]
    assert [world.department[str(item)] for item in alike] == [world.department[str(rare)]] * 3


def test_bare_shell_finds_audiences_of_any_item(world: World, file: Path) -> None:
    rows = bare(file, "select user_id, score from audience_for('i59', 6)")
    chances = world.shop.table("select user_id, score from ranked_candidates where item_id = 'i59'")
    known = chances[~chances.user_id.isin(SILENT)].set_index("user_id").score
    assert [user for user, _ in rows] == best(known.to_dict(), 6)
    assert [score for _, score in rows] == pytest.approx(known.nlargest(6).tolist())
    # one that is withheld from everyone
    assert bare(file, "from audience_for('i3')") == []


def test_bare_shell_completes_a_basket(world: World, file: Path) -> None:
    frame = world.shop.table("from bought_together where item_id in ('i0', 'i5')")
    frame = frame[~frame.bought_item_id.isin(["i0", "i5"])]
    scores = (-np.log1p(-frame.confidence)).groupby(frame.bought_item_id).sum().to_dict()
    rows = bare(file, "select item_id, score from complete_basket(['i0', 'i5', 'i5'], 4)")
    assert [item for item, _ in rows] == best(scores, 4)
    assert [score for _, score in rows] == pytest.approx(sorted(scores.values(), reverse=True)[:4])
    assert bare(file, "from complete_basket(['no item'])") == []


def test_bare_shell_recommends_for_a_session(world: World, file: Path) -> None:
    near = world.shop.table("from item_neighbours where stage = 'production' and item_id in ('i0', 'i5')")
    near = near[~near.neighbour_id.isin({"i0", "i5"} | world.hidden)]
    scores = near.groupby("neighbour_id").similarity.sum().to_dict()
    found = bare(file, "select item_id from recommend_for_items(['i0', 'i5'], 6)")
    assert [item for (item,) in found] == best(scores, 6)


def test_bare_shell_orders_the_hits_of_a_search(world: World, file: Path) -> None:
    hits = "['i0', 'i3', 'i9', 'i20', 'i41', 'no item']"
    rows = bare(file, f"select item_id from rank_items_for('u0', {hits})")
    scores = {i: float(world.user["u0"] @ world.item[i]) for i in ("i9", "i20", "i41")}  # i0 is unwanted, i3 is hidden
    assert [item for (item,) in rows] == best(scores, 3)
    users = dict(bare(file, "select item_id, recent_users from item_features where item_id in ('i9', 'i20', 'i41')"))
    stranger = [str(item) for (item,) in bare(file, f"select item_id from rank_items_for('nobody', {hits})")]
    assert [users[i] for i in stranger if i in scores] == sorted(users.values(), reverse=True)
    assert len(stranger) == 4


def test_bare_shell_says_why(world: World, file: Path) -> None:
    ((item, rank, score),) = bare(
        file, "select item_id, rank, score from recommendations where user_id = 'u1' and rank = 2"
    )
    rows = bare(file, f"select what, detail, value from why('u1', '{item}')")
    said = {what: (detail, value) for what, detail, value in rows}
    assert said["published rank"] == (None, rank)
    assert said["chance in the next window"] == (f"rank {rank} of the ranker", pytest.approx(score))
    # what the towers see in the history adds up to the history's part of the dot product
    history = [float(str(value)) for what, _, value in rows if what == "towers: from history item"]
    labels = bare(
        file, f"select distinct what, detail, item_label from why('u1', '{item}') where item_label is not null"
    )
    assert {what for what, _, _ in labels} == {"had by the same users as", "towers: from history item"}
    assert all(label == named(str(detail)) for _, detail, label in labels)
    ((expected,),) = bare(
        file, f"select history_score from recommendations where user_id = 'u1' and item_id = '{item}'"
    )
    assert sum(history) == pytest.approx(expected, abs=1e-4)
    # an item that the user had: how often, how lately, in what rhythm
    known = histories(world.events)
    had = known[(known.user_id == "u1") & (known["count"] > 1) & ~known.item_id.isin(world.hidden)].iloc[0]
    said = {what: detail for what, detail, *_ in bare(file, f"from why('u1', '{had.item_id}')")}
    assert said["had before"] == (
        f"had {had['count']} times, last {round(had.days_since_last)} days ago, "
        f"usually every {round(had.interval_days)} days"
    )
    assert ("withheld", "not available", None, None) in bare(file, "from why('u1', 'i3')")
    assert ("excluded", "excluded for the user", None, None) in bare(file, "from why('u0', 'i0')")


WRONG_RULES = [
    ({"action": "promote"}, "rule 'r1': action is 'promote'; it may be pin, boost, bury or exclude."),
    ({"action": "pin", "position": K + 1}, f"rule 'r1': position is {K + 1}; a pin needs 1 to {K} (var two_tower_k)."),
    ({"action": "boost"}, "rule 'r1': strength is missing; a boost needs more than 0."),
]


def test_a_rule_that_cannot_be_followed_is_named(world: World) -> None:
    types = {"rule_id": "varchar", "action": "varchar", "item_id": "varchar", "position": "integer"}
    good = {"rule_id": "r0", "action": "exclude", "item_id": "i1"}
    for number, (rule, message) in enumerate(WRONG_RULES):
        rows = pd.DataFrame([good, {"rule_id": "r1", "item_id": "i2"} | rule])
        world.shop.give(f"wrong{number}", types, rows)
        select = ["--select", f"wrong{number}", "active_rules"]
        done = world.shop.dbt("run", *select, two_tower_merchandising_rules=f"wrong{number}")
        done.must_fail()
        assert f"wrong{number}, {message}" in done.output


def test_rules_about_nothing_are_named_and_change_nothing(world: World) -> None:
    types = dict.fromkeys(("rule_id", "action", "item_id", "category", "segment"), "varchar") | {"strength": "double"}
    rules = [
        {"rule_id": "fine", "category": "A", "segment": "young"},
        {"rule_id": "gone", "item_id": "i999"},
        {"rule_id": "misspelled", "category": "a"},
        {"rule_id": "elsewhere", "item_id": "i0", "category": "B"},
        {"rule_id": "nobody", "item_id": "i0", "segment": "middle"},
    ]
    world.shop.give("idle", types, pd.DataFrame(rules).assign(action="boost", strength=1.0))
    done = world.shop.dbt("run", "--select", "idle", "active_rules", two_tower_merchandising_rules="idle")
    done.must_pass()
    said = done.output[done.output.index("idle: 4 without effect: ") :].replace("\n", " ")
    for reason in (
        "rule 'elsewhere': item_id 'i0' is not of category 'B'",
        "rule 'gone': item_id 'i999' is no item",
        "rule 'misspelled': category 'a' is that of no item (var two_tower_category)",
        "rule 'nobody': segment 'middle' is that of no user (var two_tower_segment)",
    ):
        assert reason in said
    assert "'fine'" not in said


def test_nothing_left_to_show_a_segment_keeps_the_old_lists(world: World) -> None:
    names = ["recommendations", "recommendations_by_category", "popular_items", "similar_items", "item_audiences"]
    before = {name: world.shop.table(f"from {name} order by all") for name in names}
    rows = pd.DataFrame({"item_id": [f"i{n}" for n in range(ITEMS)], "segment": "old|wise"})
    world.shop.give("sold_out", dict.fromkeys(rows, "varchar"), rows)
    try:
        done = world.shop.dbt(
            "run", "--select", "sold_out", "unavailable_items+", two_tower_item_availability="sold_out"
        )
        done.must_fail()
        assert "unavailable_items: 20 of 40 users would get no list: every item is withheld from young" in done.output
        for name in names:
            pd.testing.assert_frame_equal(world.shop.table(f"from {name} order by all"), before[name])
    finally:
        world.shop.dbt("run", "--select", "unavailable_items+").must_pass()


def test_a_few_users_may_go_without_a_list(world: World) -> None:
    users = world.shop.table("from stg_users")
    types = {"user_id": "varchar", "user_label": "varchar", "age": "varchar", "store": "double"}
    rows = pd.DataFrame(
        [(f"i{n}", age) for n in range(ITEMS) for age in ("young", "old|wise")], columns=["item_id", "segment"]
    )
    world.shop.give("stg_users", types, users.assign(age=users.age.where(users.user_id != "u1", "abroad")))
    world.shop.give("stocked", dict.fromkeys(rows, "varchar"), rows)
    try:
        given = {"two_tower_item_availability": "stocked"}
        done = world.shop.dbt("run", "--select", "stg_users", "stocked", "user_segments", "unavailable_items", **given)
        done.must_pass()
        assert "unavailable_items: 1 of 40 users would get no list: every item is withheld from abroad" in done.output
    finally:
        world.shop.give("stg_users", types, users)
        world.shop.dbt("run", "--select", "stg_users", "user_segments", "unavailable_items").must_pass()


def test_rules_read_the_clock_unless_the_moment_is_given(world: World) -> None:
    now = pd.Timestamp.now()
    types = {"rule_id": "varchar", "action": "varchar", "item_id": "varchar", "valid_from": "timestamp"}
    days = {"yesterday": now - pd.Timedelta(days=1), "tomorrow": now + pd.Timedelta(days=1), "then": NOW}
    rows = pd.DataFrame(
        {"rule_id": list(days), "action": "exclude", "item_id": "i1", "valid_from": list(days.values())}
    )
    world.shop.give("dated", types, rows)
    for given, expected in (({}, ["then", "yesterday"]), ({"two_tower_as_of": str(NOW)}, ["then"])):
        done = world.shop.dbt(
            "run", "--select", "dated", "active_rules", two_tower_merchandising_rules="dated", **given
        )
        done.must_pass()
        assert world.shop.table("select rule_id from active_rules order by 1").rule_id.tolist() == expected
    world.shop.dbt("run", "--select", "active_rules").must_pass()


def test_wrong_columns_are_named(world: World) -> None:
    done = world.shop.dbt("run", "--select", "item_categories", two_tower_category="aisle")
    assert "var two_tower_category: 'aisle' is no column of stg_items." in done.output
    assert "use one of item_id, department, or '' for none." in done.output
    done = world.shop.dbt("run", "--select", "unavailable_items", two_tower_item_availability="stg_users")
    assert "column item_id: missing; found user_id, user_label, age, store." in done.output


def test_segments_of_whole_numbers_are_written_as_such(world: World) -> None:
    try:
        world.shop.dbt("run", "--select", "user_segments", two_tower_segment="store").must_pass()
        assert world.shop.table("select distinct segment from user_segments order by 1").segment.tolist() == [
            "0",
            "1",
            "2",
        ]
    finally:
        world.shop.dbt("run", "--select", "user_segments").must_pass()


def test_exclusions_about_nobody_are_named(world: World) -> None:
    rows = pd.DataFrame({"user_id": ["u0", "u00", "u01"], "item_id": ["i0", "i1", "i2"]})
    world.shop.give("strangers", dict.fromkeys(rows, "varchar"), rows)
    try:
        given = {"two_tower_user_exclusions": "strangers"}
        done = world.shop.dbt("run", "--select", "strangers", "excluded_items", **given)
        done.must_pass()
        assert "column user_id: 2 of 3 rows name no known user, such as 'u00'" in done.output
        assert "column item_id" not in done.output
    finally:
        world.shop.dbt("run", "--select", "excluded_items").must_pass()


def test_approximate_lists_are_held_against_exact_ones(world: World) -> None:
    test = ["test", "--select", "test_name:agrees_with_exact"]
    approximate = {"two_tower_top_k": "approximate"}
    done = world.shop.dbt(*test, **approximate)
    assert "PASS=1" in done.output, done.output
    with duckdb.connect(str(world.shop.folder / "shop.duckdb")) as connection:
        connection.execute("create table kept as from candidates")
        connection.execute("delete from candidates where hash(user_id, item_id) % 20 = 0")
    done = world.shop.dbt(*test, **approximate)
    with duckdb.connect(str(world.shop.folder / "shop.duckdb")) as connection:
        connection.execute("delete from candidates")
        connection.execute("insert into candidates from kept")
    assert "ERROR=1" in done.output, done.output
