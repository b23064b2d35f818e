"""Eligibility, rules and caps on random shops: the models' own SQL against a direct reading of what they promise.

Every model from the candidates to the lists is the real one; only the ranker's chances are given.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import duckdb
import pytest
from helpers.compiled_sql import Models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

K, DEPTH = 4, 6  # two_tower_k and two_tower_rank_depth
DIM = 2
NOW = datetime(2024, 5, 1)
MODELS = {
    "user_segments": "merchandising",
    "item_categories": "merchandising",
    "active_rules": "merchandising",
    "unavailable_items": "merchandising",
    "excluded_items": "merchandising",
    "candidates": "ranking",
    "ranked_candidates": "ranking",
    "recommendations_by_category": "recommendations",
    "recommendations": "recommendations",
}
VECTOR = f"float[{DIM}]"
UPSTREAM = {
    "stg_users": {"user_id": "varchar", "user_label": "varchar", "age": "varchar"},
    "stg_items": {
        "item_id": "varchar", "item_label": "varchar", "item_value": "double", "department": "varchar",
        "brand": "varchar",
    },
    "stg_interactions": {"user_id": "varchar"},
    "popular_items": {"item_id": "varchar"},  # a table macro reads it
    "interaction_splits": {"event_at": "timestamp"},
    "stages": {"stage": "varchar", "cutoff": "integer", "as_of": "timestamp"},
    "item_features": {
        "cutoff": "integer", "item_id": "varchar", "recent_users": "double", "users": "double",
        "days_since_first": "double",
    },
    "user_histories": {
        "cutoff": "integer", "user_id": "varchar", "item_id": "varchar", "position": "integer",
        "interactions": "double", "recency_weight": "double",
    },
    "item_weights": {
        "stage": "varchar", "item_id": "varchar", "given_item_id": "varchar", "weight": "double",
    },
    "item_neighbours": {"stage": "varchar"},  # a table macro reads it
    "model_registry": {"stage": "varchar", "sequence_dim": "integer", "factors_dim": "integer", "dim": "integer"},
    "item_embeddings": {"stage": "varchar", "item_id": "varchar", "run_id": "varchar", "embedding": VECTOR},
    "user_embeddings": {
        "stage": "varchar", "user_id": "varchar", "run_id": "varchar", "source": "varchar", "embedding": VECTOR,
    },
    "ranker_registry": {"stage": "varchar", "run_id": "varchar"},
    "chances": {"user_id": "varchar", "item_id": "varchar", "chance": "double"},
    "history_attributions": {"user_id": "varchar", "item_id": "varchar", "run_id": "varchar", "weight": "double"},
    "availability": {
        "item_id": "varchar", "segment": "varchar", "available_from": "timestamp", "available_until": "timestamp",
    },
    "exclusions": {"user_id": "varchar", "item_id": "varchar"},
    "rules": {
        "rule_id": "varchar", "action": "varchar", "item_id": "varchar", "category": "varchar", "segment": "varchar",
        "position": "integer", "strength": "double", "valid_from": "timestamp", "valid_until": "timestamp",
    },
}  # fmt: skip
CAPS = {"brand": 1, "department": 2}
KNOBS = {"two_tower_value_column": "price", "two_tower_value_weight": 1, "two_tower_diversity": 0.5}
RANKED = """
{% macro ranked(candidates, stage) %}
    select candidates.*, factors_score as tower_score, chances.chance
    from {{ candidates }} as candidates
    inner join {{ ref('two_tower', 'chances') }} as chances
        on candidates.user_id = chances.user_id and candidates.item_id = chances.item_id
{% endmacro %}
"""


@dataclass(frozen=True)
class Rule:
    rule_id: str
    action: str
    item: str | None
    category: str | None
    segment: str | None
    position: int | None
    strength: float | None
    start: datetime | None
    end: datetime | None

    def is_for(self, world: World, segment: str, item: str) -> bool:
        now = (self.start is None or self.start <= NOW) and (self.end is None or self.end > NOW)
        return (
            now
            and self.item in (None, item)
            and self.category in (None, world.kinds[item][0])
            and self.segment in (None, segment)
        )


@dataclass(frozen=True)
class World:
    users: dict[str, tuple[str, str, list[int]]]  # segment, source, vector
    items: dict[str, list[int]]
    kinds: dict[str, tuple[str, str | None]]  # department, brand
    buyers: dict[str, int]
    available: list[tuple[str, str | None, datetime | None, datetime | None]]
    excluded: set[tuple[str, str]]
    had: set[tuple[str, str]]
    rules: list[Rule]
    values: dict[str, float | None]
    weight: float = 0  # two_tower_value_weight
    diversity: float = 0

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return {
            "stg_users": [(u, None, segment) for u, (segment, _, _) in self.users.items()],
            "stg_items": [
                (i, None, self.values[i], department, brand) for i, (department, brand) in self.kinds.items()
            ],
            "interaction_splits": [(NOW - timedelta(seconds=1),)],
            "stages": [("production", 0, NOW)],
            "item_features": [(0, i, float(n), float(n), 99.0) for i, n in self.buyers.items()],
            "user_histories": [(0, u, i, 1, 1.0, 1.0) for u, i in self.had],
            "item_weights": [
                ("production", other, i, 0.5) for i in {i for _, i in self.had} for other in self.items if other != i
            ],
            "model_registry": [("production", 0, DIM, DIM)],
            "item_embeddings": [("production", i, "run", v) for i, v in self.items.items()],
            "user_embeddings": [("production", u, "run", s, v) for u, (_, s, v) in self.users.items()],
            "ranker_registry": [("production", "run")],
            "chances": [(u, i, self.score(u, i)) for u in self.users for i in self.items],
            "availability": self.available,
            "exclusions": list(self.excluded),
            "rules": [tuple(vars(rule).values()) for rule in self.rules],
        }

    def available_to(self, segment: str) -> set[str]:
        rows = {
            item
            for item, s, start, end in self.available
            if s in (None, segment) and (start is None or start <= NOW) and (end is None or end > NOW)
        }
        excludes = [rule for rule in self.rules if rule.action == "exclude"]
        return {item for item in rows if not any(rule.is_for(self, segment, item) for rule in excludes)}

    def may_see(self, user: str, item: str) -> bool:
        return (user, item) not in self.excluded | self.had and item in self.available_to(self.users[user][0])

    def score(self, user: str, item: str) -> float:
        """A chance. Few values, so that there are ties, and sums of them are exact."""
        _, source, vector = self.users[user]
        if source == "nothing":
            return self.buyers[item] / 4
        return 0.5 + sum(a * b for a, b in zip(vector, self.items[item], strict=True)) / 64

    def valued(self, user: str, item: str) -> float:
        """The chance by the value of the item."""
        known = [value for value in self.values.values() if value and value > 0]
        value = self.values[item]
        relative = max(value, 0) / median(known) if value is not None and known else 1
        return self.score(user, item) * relative**self.weight

    def worths(self, user: str) -> dict[str, float]:
        """Of the items that the user may see, those of a category count less one after the other."""
        allowed = [item for item in self.items if self.may_see(user, item)]
        found, count = {}, Counter[str]()
        for item in sorted(allowed, key=lambda item: (-self.valued(user, item), digest(item))):
            category = self.kinds[item][0]
            found[item] = self.valued(user, item) * (1 - self.diversity) ** count[category]
            count[category] += 1
        return found

    def by_model(self, user: str) -> list[str]:
        """The items that the user may see, best first."""
        worths = self.worths(user)
        return sorted(worths, key=lambda item: (-worths[item], digest(item)))

    def listable(self, user: str) -> list[str]:
        """Of these the first of all, and what a rule pins or boosts."""
        order, segment = self.by_model(user), self.users[user][0]
        promoting = [rule for rule in self.rules if rule.action in ("pin", "boost")]
        kept = [item for item in order if any(rule.is_for(self, segment, item) for rule in promoting)]
        return [item for item in order if item in order[:DEPTH] + kept]


def digest(item: str) -> str:
    return hashlib.md5(f"{item}|".encode()).hexdigest()


def moments() -> st.SearchStrategy[datetime | None]:
    return st.sampled_from([None, None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    users = [f"u{n}" for n in range(draw(st.integers(1, 6)))]
    items = [f"i{n}" for n in range(draw(st.integers(1, 30)))]
    segment, vector = st.sampled_from(["young", "old"]), st.lists(st.integers(-3, 3), min_size=DIM, max_size=DIM)
    some = st.sets(st.tuples(st.sampled_from(users), st.sampled_from(items)), max_size=10)
    missing = draw(st.sets(st.sampled_from(items), max_size=5))
    rows = st.tuples(st.sampled_from(items), st.one_of(st.none(), segment), moments(), moments())
    return World(
        users={u: (draw(segment), draw(st.sampled_from(["history", "nothing"])), draw(vector)) for u in users},
        items={i: draw(vector) for i in items},
        kinds={i: (draw(st.sampled_from("AB")), draw(st.sampled_from(["X", "Y", "Z", None]))) for i in items},
        buyers={i: draw(st.integers(0, 3)) for i in items},
        available=[(i, None, None, None) for i in items if i not in missing] + draw(st.lists(rows, max_size=4)),
        excluded=draw(some),
        had=draw(some),
        rules=[rule(draw, n, items) for n in range(draw(st.integers(0, 6)))],
        values={i: draw(st.sampled_from([None, -1.0, 0.0, 1.0, 2.0, 3.5])) for i in items},
    )


def rule(draw: st.DrawFn, number: int, items: list[str]) -> Rule:
    action = draw(st.sampled_from(["pin", "pin", "boost", "bury", "exclude"]))
    by_item = action == "pin" or draw(st.booleans())
    return Rule(
        f"r{number}",
        action,
        draw(st.sampled_from(items)) if by_item else None,
        None if by_item else draw(st.sampled_from("AB")),
        draw(st.sampled_from([None, "young"])),
        draw(st.integers(1, K)) if action == "pin" else None,
        draw(st.sampled_from([0.25, 0.5, 2.0])) if action in ("boost", "bury") else None,
        draw(moments()),
        draw(moments()),
    )


@pytest.fixture(scope="module", params=[{}, CAPS, KNOBS], ids=["without caps", "with caps", "with knobs"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    models = Models.of(
        tmp_path_factory.mktemp("merchandising"), MODELS, UPSTREAM, {"ranking/ranked.sql": RANKED},
        two_tower_k=K, two_tower_dim=DIM, two_tower_policy="unseen_only", two_tower_rank_depth=DEPTH,
        two_tower_caps=CAPS if request.param is CAPS else {}, two_tower_kind="", two_tower_min_chance=0,
        **(KNOBS if request.param is KNOBS else {}),
        two_tower_item_availability="availability", two_tower_user_exclusions="exclusions",
        two_tower_merchandising_rules="rules", two_tower_as_of=str(NOW),
    )  # fmt: skip
    return models, models.connect(), request.param


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(world=worlds())
def test_lists_keep_every_promise(shop: tuple[Models, duckdb.DuckDBPyConnection, dict[str, int]], world: World) -> None:
    models, connection, given_vars = shop
    caps = CAPS if given_vars is CAPS else {}
    if given_vars is KNOBS:
        world = replace(world, weight=1, diversity=0.5)
    models.run(connection, world.tables())
    columns = "user_id, rank, item_id, score, boost, model_rank, applied_rules, source"
    rows = connection.execute(f"select {columns} from recommendations order by user_id, rank").fetchall()
    available = [world.available_to(segment) for segment in {segment for segment, *_ in world.users.values()}]
    for item in world.items:
        withheld = [item not in items for items in available]
        unavailable = connection.execute("select segment from unavailable_items where item_id = ?", [item]).fetchall()
        assert (("all",) in unavailable) == all(withheld)
        assert len(unavailable) == sum(withheld) + all(withheld)
    for user, (_, source, _) in world.users.items():
        mine = [row[1:] for row in rows if row[0] == user]
        assert_list(world, user, mine, caps)
        assert {row[-1] for row in mine} <= {"popularity" if source == "nothing" else "history"}
    columns = "user_id, category, item_id, score"
    rows = connection.execute(f"select {columns} from recommendations_by_category order by user_id, rank").fetchall()
    for user in world.users:
        for category in "AB":
            listed = sorted(world.worths(user), key=lambda item: (-world.valued(user, item), digest(item)))
            expected = [item for item in listed if world.kinds[item][0] == category][:K]
            mine = [row[2:] for row in rows if row[:2] == (user, category)]
            assert mine == [(item, world.score(user, item)) for item in expected]


def assert_list(world: World, user: str, rows: list[Any], caps: dict[str, int]) -> None:
    segment = world.users[user][0]
    by_model, allowed = world.by_model(user), world.listable(user)
    chosen = [item for _, item, *_ in rows]
    # ranked 1, 2, 3, ..., each item once, none that may not be shown
    assert [rank for rank, *_ in rows] == list(range(1, len(rows) + 1))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(allowed)
    worths = world.worths(user)
    scores = [worths[item] for item in by_model[:DEPTH]]
    scale = (scores[0] - scores[-1] if scores else 0) or 1
    boosts = {item: boost_of(world, segment, item) * scale for item in allowed}
    final = {item: worths[item] + boosts[item] for item in allowed}
    pins = pins_of(world, user)
    assert_caps(world, chosen, allowed, set(pins.values()), caps, final)
    for _, item, score, boost, model_rank, applied, _ in rows:
        assert (score, boost) == (world.score(user, item), boosts[item])
        place = by_model.index(item) + 1
        assert model_rank == (place if place <= DEPTH else None)
        moved = {r.rule_id for r in world.rules if r.action in ("boost", "bury") and r.is_for(world, segment, item)}
        assert set(applied) - set(pins) == moved
        assert set(applied) & set(pins) == {r for r, i in pins.items() if i == item}
    # pins stand on their place, unless there are not enough others to stand before them
    for rule_id, item in pins.items():
        place, wanted = chosen.index(item) + 1, place_of(world, segment, item)
        assert place == wanted or (place < wanted and not free_after(chosen, item, pins)), rule_id
    # the others by score and boost, where these are equal in the model's order
    others = [item for item in chosen if item not in pins.values()]
    assert others == sorted(others, key=lambda item: (-final[item], by_model.index(item)))


def place_of(world: World, segment: str, item: str) -> int:
    return min(r.position or 0 for r in world.rules if r.action == "pin" and r.is_for(world, segment, item))


def free_after(chosen: list[str], item: str, pins: dict[str, str]) -> bool:
    return any(other not in pins.values() for other in chosen[chosen.index(item) + 1 :])


def boost_of(world: World, segment: str, item: str) -> float:
    sign = {"boost": 1, "bury": -1}
    return sum(sign[r.action] * r.strength for r in world.rules if r.action in sign and r.is_for(world, segment, item))


def pins_of(world: World, user: str) -> dict[str, str]:
    """rule_id -> item of the pins that count: one per item that may be shown (its highest place) and place."""
    segment = world.users[user][0]
    of_items: dict[str, tuple[int, str]] = {}
    for r in world.rules:
        if (
            r.action == "pin"
            and r.item
            and r.position
            and r.is_for(world, segment, r.item)
            and world.may_see(user, r.item)
        ):
            of_items[r.item] = min(of_items.get(r.item, (r.position, r.rule_id)), (r.position, r.rule_id))
    of_places: dict[int, tuple[str, str]] = {}
    for item, (place, rule_id) in of_items.items():
        of_places[place] = min(of_places.get(place, (rule_id, item)), (rule_id, item))
    return dict(of_places.values())


def assert_caps(
    world: World, chosen: list[str], allowed: list[str], pinned: set[str], caps: dict[str, int], final: dict[str, float]
) -> None:
    """No kind beyond its cap but by pins; who was left out is worse than all that came in, or a kind of it was full."""
    order = sorted((item for item in allowed if item not in pinned), key=lambda item: -final[item])  # a stable sort
    taken = Counter(key for item in pinned for key in keys(world, item, caps))
    expected: list[str] = []
    for item in order:
        if len(expected) + len(pinned) < K and all(taken[key] < caps[key[0]] for key in keys(world, item, caps)):
            expected.append(item)
            taken.update(keys(world, item, caps))
    assert [item for item in chosen if item not in pinned] == expected
    assert pinned <= set(chosen)
    if not caps:
        assert len(chosen) == min(K, len(allowed))
    for key, count in Counter(key for item in chosen for key in keys(world, item, caps)).items():
        assert count <= max(caps[key[0]], sum(key in keys(world, item, caps) for item in pinned))


def keys(world: World, item: str, caps: dict[str, int]) -> list[tuple[str, str]]:
    values = dict(zip(("department", "brand"), world.kinds[item], strict=True))
    return [(column, value) for column in caps if (value := values[column])]
