"""Target event types apart from the types that show interest, on a made-up shop of views, carts and purchases."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.dbt_runner import REPO
from helpers.event_shop import DAYS, WINDOW, plant_events
from helpers.package_project import PackageProject

PURCHASES = {"two_tower_target_events": ["purchase"]}
# recall@10 of purchases that are the first of their item, by what users had bought before the test window
RECALL = f"""
    with purchases as (
        select distinct
            user_id::varchar as user_id,
            item_id::varchar as item_id,
            event_at >= timestamp '2026-01-01' + interval {DAYS - WINDOW} day as is_test
        from {{events}} where event_type = 'purchase'
    ),
    bought as (select user_id, count(*) as items from purchases where not is_test group by user_id),
    wanted as (
        select purchases.user_id, purchases.item_id, coalesce(bought.items, 0) as bought,
            row_number() over (partition by purchases.user_id order by hash(purchases.item_id)) as place
        from purchases left join bought on purchases.user_id = bought.user_id
        where purchases.is_test and purchases.item_id not in (
            select item_id from purchases as others where others.user_id = purchases.user_id and not others.is_test
        )
    ),
    shares as (
        select wanted.user_id, any_value(wanted.bought) as bought, count(lists.item_id) / least(count(*), 10) as recall
        from wanted
        left join {{lists}} as lists
            on wanted.user_id = lists.user_id and wanted.item_id = lists.item_id and lists.rank <= 10
            and lists.model = '{{model}}' and lists.policy = 'unseen_only'
        group by wanted.user_id
    )
    select avg(recall), avg(recall) filter (where bought < 3), avg(recall) filter (where bought = 0), count(*)
    from shares
"""


# users of a tenth of the numbers dislike what they looked at once and left, in the middle of the past
DISLIKES = """
    insert into raw.events
    select user_id, item_id, 'dislike', timestamp '2026-04-01', 1, null from raw.everything where user_id % 10 = 0
    group by user_id, item_id
    having count(*) = 1 and any_value(event_type) = 'view' and max(event_at) < timestamp '2026-04-01'
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> PackageProject:
    """The shop with nothing run; raw.everything keeps its events for a test that changes raw.events."""
    shop = plant_events(tmp_path_factory.mktemp("events") / "shop")
    shop.change("create table raw.everything as from raw.events")
    return shop


def recall(shop: PackageProject, model: str = "two_tower", lists: str = "evaluation_recommendations") -> list[float]:
    """Of all users, of those with fewer than three purchases and of those with none, and the number of users."""
    return list(shop.rows(RECALL.format(events="raw.everything", lists=lists, model=model))[0])


@pytest.fixture(scope="module")
def recalls(shop: PackageProject) -> dict[str, list[float]]:
    """Recall of the published order with purchases as targets, of purchases alone, and with all types alike."""
    found = {}
    build = ("run", "--select", "+evaluation_recommendations", "+recent_popularity")
    shop.dbt(*build).must_pass()
    found["alike"] = recall(shop)
    shop.change("delete from raw.events where event_type != 'purchase'")
    shop.dbt(*build).must_pass()
    found["purchases alone"] = recall(shop)
    shop.change("insert into raw.events from raw.everything where event_type != 'purchase'", DISLIKES)
    shop.dbt(*build, **PURCHASES, two_tower_event_weights={"dislike": -1}).must_pass()
    found["targets"] = recall(shop)
    found["popular"] = recall(shop, "recent_popularity", "recent_popularity")
    return found


def test_purchases_are_found_where_they_are_the_targets(recalls: dict[str, list[float]]) -> None:
    assert recalls["targets"][3] > 100
    assert recalls["targets"][0] > recalls["alike"][0] + 0.1, recalls


def test_views_help_those_who_bought_little_and_harm_nobody(recalls: dict[str, list[float]]) -> None:
    assert recalls["targets"][1] > recalls["purchases alone"][1] + 0.1, recalls
    assert recalls["targets"][0] > recalls["purchases alone"][0], recalls


def test_who_only_looked_gets_a_list_of_what_they_looked_at(
    shop: PackageProject, recalls: dict[str, list[float]]
) -> None:
    assert recalls["targets"][2] > recalls["popular"][2] + 0.1, recalls
    ((users, served, candidates),) = shop.rows(
        """
        with visitors as (
            select distinct interests.user_id from user_interests as interests
            inner join item_features as features
                on interests.cutoff = features.cutoff and interests.item_id = features.item_id
            where interests.cutoff = 1 and interests.position is not null and features.events >= 2
                and interests.user_id not in (select user_id from user_histories where cutoff = 1)
        )
        select
            (select count(*) from visitors),
            (select count(*) from user_embeddings where stage = 'evaluation' and source = 'history'
                and user_id in (from visitors)),
            (select count(*) from learning_candidates where stage = 'evaluation'
                and user_id in (from visitors) and list_contains(found_by, 'interest'))
        """
    )
    assert served == users > 50
    assert candidates > 100


@pytest.mark.usefixtures("recalls")
def test_a_dislike_is_counted_against_the_item(shop: PackageProject) -> None:
    disliked = (
        "(select user_id::varchar as user_id, item_id::varchar as item_id from raw.events where event_type = 'dislike')"
    )
    ((refused, interests, candidates, signals),) = shop.rows(
        f"""
        select
            (select count(*) from {disliked}),
            (select count(*) from user_interests as i semi join {disliked} as d using (user_id, item_id)
                where i.cutoff = 1 and i.position is not null),
            (select count(*) from learning_candidates as c semi join {disliked} as d using (user_id, item_id)
                where c.stage = 'evaluation'),
            (select count(*) from ranker_examples where events_of_view > 0 and item_users_of_dislike > 0)
        """
    )
    assert refused > 100
    assert (interests, candidates) == (0, 0)
    assert signals > 100


@pytest.mark.usefixtures("recalls")
def test_only_targets_are_counted(shop: PackageProject) -> None:
    """Histories, targets, exclusions and popularity know purchases alone, each once."""
    purchases = "from raw.events where event_type = 'purchase'"
    assert shop.rows("select count(*) from interaction_splits") == shop.rows(f"select count(*) {purchases}")
    assert shop.rows("select user_id, item_id from user_histories where cutoff = 0 order by all") == shop.rows(
        f"select distinct user_id::varchar, item_id::varchar {purchases} order by all"
    )
    assert shop.rows("select item_id, interactions from item_features where cutoff = 0 order by all") == shop.rows(
        "select things.item_id::varchar, count(p.item_id)::double from raw.things left join ("
        f"select distinct user_id, item_id {purchases}) as p on p.item_id = things.item_id group by all order by all"
    )
    # what the purchase of a pair came after adds nothing to it, and what was only looked at counts less
    ((most, least, had),) = shop.rows(
        "select max(interest) filter (where interactions > 0), min(interest) filter (where interactions > 0), "
        "count(*) filter (where interactions > 0 and interest != interactions) from user_interests"
    )
    assert (most, least, had) == (1, 1, 0)
    ((view, cart),) = shop.rows(
        "select max(event_weight) filter (where event_type = 'view'), "
        "max(event_weight) filter (where event_type = 'cart') from event_types where cutoff = 1"
    )
    assert 0.02 < view < 0.2 < 0.5 < cart < 1


def test_a_conversion_is_a_purchase(shop: PackageProject) -> None:
    given = {
        **PURCHASES, "two_tower_exposures": "mails", "two_tower_experiments": {"mail": {"control": 1, "two_tower": 1}},
    }  # fmt: skip
    (shop.folder / "models" / "mails.sql").write_text(
        "select 'mail' as experiment, user_id, if(user_id % 2 = 0, 'control', 'two_tower') as variant, "
        "timestamp '2026-05-01' as exposed_at from raw.people"
    )
    shop.dbt("run", "--select", "mails", "+experiment_metrics", **given).must_pass()
    found = shop.rows("select user_id, conversion, revenue from experiment_metrics where is_complete order by all")
    right = shop.rows(
        """
        select people.user_id::varchar, (count(e.user_id) > 0)::integer, coalesce(sum(e.quantity * e.price), 0)
        from raw.people
        left join raw.events as e on e.user_id = people.user_id and e.event_type = 'purchase'
            and e.event_at >= timestamp '2026-05-01' and e.event_at < timestamp '2026-05-15'
        group by people.user_id order by all
        """
    )
    assert found == right
    assert 10 < sum(conversion for _, conversion, _ in found) < 200


MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no such target": (
        {"two_tower_target_events": ["purchse"]},
        [
            "var two_tower_target_events, type 'purchse': there is no such event",
            "column event_type: view 8",
            "purchase 5",
        ],
    ),
    "no such type to weigh": (
        {**PURCHASES, "two_tower_event_weights": {"click": 0.1}},
        ["var two_tower_event_weights, type 'click': there is no such event", "cart"],
    ),
    "a weight of a target": (
        {**PURCHASES, "two_tower_event_weights": {"purchase": 2}},
        ["var two_tower_event_weights, type 'purchase': a target counts 1"],
    ),
    "a weight that is no number": (
        {**PURCHASES, "two_tower_event_weights": {"view": "much"}},
        ["var two_tower_event_weights: value", "a mapping of names to finite numbers"],
    ),
    "an infinite weight": (
        {**PURCHASES, "two_tower_event_weights": {"view": float("inf")}},
        ["var two_tower_event_weights: value", "a mapping of names to finite numbers"],
    ),
    "a weight without targets": (
        {"two_tower_event_weights": {"view": 0.1}},
        ["var two_tower_event_weights: no type of event is told apart", "two_tower_target_events: [purchase]"],
    ),
    "a text in place of a list": (
        {"two_tower_target_events": "purchase"},
        ["var two_tower_target_events: value 'purchase' is not allowed", "a list of names"],
    ),
    "no column of ratings": (
        {"two_tower_least_rating": 3},
        ["column rating: missing; found user_id", "var two_tower_columns, {interactions: {rating: your column}}"],
    ),
    "a rating that is no number": ({"two_tower_least_rating": "three"}, ["var two_tower_least_rating: value 'three'"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_error_with_a_remedy(shop: PackageProject, mistake: str) -> None:
    variables, says = MISTAKES[mistake]
    errors = re.sub(
        r"\s+", " ", shop.dbt("run", "--select", "events", "two_tower,stg_interactions", **variables).must_fail().errors
    )
    assert "Remedy: " in errors
    for part in says:
        assert part in errors, errors


def test_types_that_count_alike_are_warned_of_once(shop: PackageProject) -> None:
    line = "two_tower_target_events: [purchase]"
    read = ("run", "--select", "events", "two_tower,stg_interactions")
    said = shop.dbt(*read).must_pass().output
    assert said.count("all count alike") == 1
    assert line in said
    for settled in (["purchase"], ["view", "cart", "purchase"]):
        assert "all count alike" not in shop.dbt(*read, two_tower_target_events=settled).must_pass().output


def test_who_looked_before_the_only_purchase_comes_back(shop: PackageProject) -> None:
    splits = (
        "run",
        "--select",
        "events",
        "two_tower,stg_interactions",
        "two_tower,data_end",
        "two_tower,interaction_splits",
    )
    shop.change(
        "delete from raw.events where event_type = 'purchase' and event_at < (select max(event_at) "
        "from raw.everything as e where e.user_id = events.user_id and e.event_type = 'purchase')"
    )
    shop.dbt(*splits, **PURCHASES).must_pass()
    shop.change("delete from raw.events where event_type != 'purchase'")
    assert "nobody comes back" in shop.dbt(*splits, **PURCHASES).must_fail().errors
    shop.change("delete from raw.events", "insert into raw.events from raw.everything")


def test_low_ratings_are_no_interest(shop: PackageProject) -> None:
    """A low rating is neither a target nor a sign of interest, and keeps the item from the user."""
    (shop.folder / "models" / "events.sql").write_text(
        "select *, if(event_type = 'purchase', 1 + (user_id + item_id) % 5, null) as stars from raw.events"
    )
    given = {
        **PURCHASES, "two_tower_least_rating": 3, "two_tower_columns": {"interactions": {"rating": "stars"}},
        "two_tower_policy": "allow_repeats", "two_tower_stages": ["production"],
    }  # fmt: skip
    shop.dbt(
        "run", "--select", "events", "+user_interests", "+excluded_items", "--exclude", "tag:train", **given
    ).must_pass()
    low = "from raw.events where event_type = 'purchase' and (user_id + item_id) % 5 < 2"
    refused = shop.rows(f"select distinct user_id::varchar, item_id::varchar {low} order by all")
    assert len(refused) > 50
    events = shop.rows("select user_id, item_id from stg_interactions where event_type = 'low_rating' order by all")
    assert events == refused
    assert shop.rows(
        "select count(*) from user_histories semi join stg_interactions as s on s.event_type = 'low_rating' "
        "and s.user_id = user_histories.user_id and s.item_id = user_histories.item_id"
    ) == [(0,)]
    excluded = shop.rows("select user_id, item_id from excluded_items where reason = 'refused' order by all")
    assert set(excluded) <= set(refused)
    assert len(excluded) > 0.9 * len(refused)  # but for items of which a cart weighs more


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """A maker of copies of the package without one part of the SQL of user_events."""

    def copy(removed: str) -> Path:
        package = tmp_path / "package"
        ignored = shutil.ignore_patterns(
            ".*", "target", "logs", "*.duckdb", "site", "artifacts", "data", "dbt_packages"
        )
        shutil.copytree(REPO, package, ignore=ignored)
        model = package / "models" / "features" / "user_events.sql"
        text = model.read_text()
        assert removed in text
        model.write_text(text.replace(removed, "true"))
        return package

    return copy


KNOWN = {
    "user_events": "cutoff >= {first}",
    "event_types": "cutoff >= {first}",
    "user_interests": "cutoff >= {first}",
    "user_features": "cutoff >= {first} and days_since_last is not null",
    "item_features": "cutoff >= {first} and events > 0",
    "user_inputs": "cutoff >= {first} and has_history",
    "item_inputs": "cutoff >= {first} and interactions > 0",
}


def known(shop: PackageProject, first: int) -> dict[str, list[str]]:
    """What is known at a cutoff and before, by table; cutoffs and stages by their distance from it."""
    found = {}
    for table, condition in KNOWN.items():
        names = [name for (name,) in shop.rows(f"select column_name from (describe {table})")]
        columns = ", ".join(f'"{name}"' for name in names if name not in ("cutoff", "stage"))
        query = f"select cutoff - {first}, {columns} from {table} where {condition.format(first=first)}"
        found[table] = sorted(map(repr, shop.rows(query)))
    return found


@pytest.mark.parametrize("leak", [None, "{{ two_tower.is_history('splits.window_number', 'cutoffs.cutoff') }}"])
def test_no_event_of_any_type_after_the_cutoff_is_known(
    tmp_path: Path, copied: Callable[[str], Path], leak: str | None
) -> None:
    shop = plant_events(tmp_path / "shop", package=copied(leak) if leak else REPO, **PURCHASES)
    build = ("run", "--select", "events", "people", "things", "staging", "splits", "features", "inputs")
    shop.dbt(*build).must_pass()
    full = known(shop, 1)
    assert all(full.values())
    ((cutoff,),) = shop.rows("select as_of from stages where stage = 'evaluation'")
    shop.change(f"delete from raw.events where event_at >= '{cutoff}'")
    fewer = {"two_tower_stages": ["production"], "two_tower_training_cutoffs": 1}
    shop.dbt(*build, two_tower_as_of=str(cutoff), **fewer).must_pass()
    past = known(shop, 0)
    changed = [table for table in KNOWN if full[table] != past[table]]
    assert ("user_events" in changed) if leak else changed == []
