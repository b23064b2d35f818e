"""Faults that other people met, by kind: each is looked for in every declared input, and the right value is stated."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from helpers.dbt_runner import REPO
from helpers.every_input import NAMES, READERS, SHOP, UNTRAINED, Team, known_inputs

INPUTS = known_inputs()
STRICT = ("interactions", "users", "items", "reviews")  # a faulty row stops the run; of the others it is left out
KEYS = [
    (name, key)
    for name, columns in INPUTS.items()
    for key in ("user_id", "item_id")
    if key in columns and name not in ("item_availability", "merchandising_rules", "users", "items")
]
TIMES = [(name, column) for name, of in INPUTS.items() for column, wanted in of.items() if wanted["kind"] == "time"]
NUMBERS = [(name, column) for name, of in INPUTS.items() for column, wanted in of.items() if wanted["kind"] == "number"]
NEEDED = [
    (name, column)
    for name, of in INPUTS.items()
    for column, wanted in of.items()
    if "otherwise" not in wanted and not wanted.get("nullable")
]


def spoil(name: str, values: dict[str, str]) -> str:
    """The shop's table of an input with other values in some columns; `n` numbers the rows."""
    others = ", ".join(f"{value} as {column}" for column, value in values.items())
    return f"select * exclude (n) replace ({others}) from (select *, row_number() over () as n from ({SHOP[name]}))"


def where(name: str, column: str) -> str:
    """How a warning or an error names a column of an input."""
    return f"var two_tower_{name} ({NAMES[name]}), column {column}: "


def one_line(text: str) -> str:
    return " ".join(text.split())


def count(team: Team, name: str) -> int:
    ((rows,),) = team.rows(f"select count(*) from {READERS[name]}")
    return int(rows)


def test_the_shop_itself_gives_no_warning(team: Team) -> None:
    assert "two_tower_" not in team.read(*INPUTS).must_pass().output


def test_every_input_is_read_through_the_checks() -> None:
    """A new input cannot forget them: there is no other way to the relation that a var names."""
    readers = {"input_rows.sql", "input_columns.sql", "input_relation.sql", "input_features.sql"}
    readers |= {
        "check_input.sql",
        "check_input_column.sql",
        "warn_of_returns.sql",
        "rejected_rows.sql",
        "chosen_input_column.sql",
    }
    readers |= {"check.sql", "print_columns.sql", "forget.sql"}  # operations
    readers |= {"evaluation_lists.sql"}  # lists of a recommender of the team's
    found = set()
    for path in [*(REPO / "macros").rglob("*.sql"), *(REPO / "models").rglob("*.sql")]:
        if re.search(r"two_tower\.(input_relation|named_model|input_columns)\(", path.read_text()):
            found.add(path.name)
    assert found <= readers
    for name in INPUTS:
        calls = [
            path
            for path in [*(REPO / "macros").rglob("*.sql"), *(REPO / "models").rglob("*.sql")]
            if re.search(rf"input_rows\(\s*'{name}'(, is_checked)?\)", one_line(path.read_text()))
        ]
        assert len(calls) == 1, (name, calls)


# --- an id that stands for nobody


@pytest.mark.parametrize("placeholder", ["0", "unknown"])
def test_a_placeholder_for_an_id_is_named_and_can_be_left_out(team: Team, placeholder: str) -> None:
    spoilt = {
        name: spoil(
            name, {key: f"if(n % 2 = 0, '{placeholder}', 'x' || {key}::varchar)" for of, key in KEYS if of == name}
        )
        for name in dict(KEYS)
    }
    with team.holding(**spoilt):
        said = one_line(team.read(*spoilt).must_pass().output)
        for name, key in KEYS:
            assert re.search(re.escape(where(name, key)) + rf"\d+ of \d+ rows have the value '{placeholder}'", said), (
                name
            )
            assert f"where \"{key}\" != '{placeholder}'" in said
            assert f'two_tower_placeholder_ids: {{{key}: ["{placeholder}"]}}' in said
        left_out = {"user_id": [placeholder], "item_id": [placeholder]}
        said = one_line(team.read(*spoilt, two_tower_placeholder_ids=left_out).must_pass().output)
        assert f"rows have the value '{placeholder}'" not in said
        for table in ("stg_interactions", "stg_reviews", "excluded_items", "experiment_metrics"):
            assert team.rows(f"select count(*) from {table} where user_id = '{placeholder}'") == [(0,)]


GUESTS = """
    with orders as (
        select n as order_no, if(n % 2 = 0, {guest}, '' || (1 + hash(n) % 300)) as user_id,
            timestamp '2026-05-01' + interval (n * 25) minute as event_at
        from range(8000) as t(n)
    )
    select user_id, unnest([2 * (hash(order_no, 1) % 40), 2 * (hash(order_no, 1) % 40) + 1]) as item_id, event_at
    from orders
"""


@pytest.mark.parametrize("guest", ["'0'", "''", "'e7d1'"])
def test_what_all_guests_had_is_no_basket_and_not_bought_again(team: Team, guest: str) -> None:
    with team.holding(interactions=GUESTS.format(guest=guest)):
        team.dbt("run", "--select", "+bought_together", "+repeat_purchases").must_pass()
        # two orders of one person on one day make a few more pairs; one basket of all guests made nine in ten others
        pairs = "count(*) > 50, avg(is_other::int) < 0.2"
        others = "select *, item_id::int // 2 != bought_item_id::int // 2 as is_other from bought_together"
        assert team.rows(f"select {pairs} from ({others})") == [(True, True)]
        assert team.rows(f"select count(*) from repeat_purchases where user_id = {guest}") == [(0,)]
        assert team.rows("select count(*) > 0 from repeat_purchases") == [(True,)]


def test_what_all_guests_had_makes_no_neighbours(team: Team) -> None:
    neighbours = "from item_neighbours order by all"
    with team.holding(interactions=GUESTS.format(guest="'0'")):
        team.dbt("run", "--select", "+item_neighbours").must_pass()
        found = team.rows(neighbours)
        left_out = {"user_id": ["0"]}
        team.dbt("run", "--select", "+item_neighbours", two_tower_placeholder_ids=left_out).must_pass()
        assert {row[0] for row in found} == {"validation", "evaluation", "production"}
        assert found == team.rows(neighbours)


# --- two grains of time


def test_a_session_over_midnight_is_one_purchase(team: Team) -> None:
    night = """
        select range as user_id, 7 as item_id,
            timestamp '2026-03-01 23:55' + interval (d) day + interval (m) minute as event_at
        from range(60), (values {}) as events(d, m)
    """
    with team.holding(interactions=night.format("(0, 0), (0, 10)")):
        team.read("interactions").must_pass()
        team.dbt(
            "run", "--select", "data_end", "interaction_splits", "repeat_purchases"
        ).must_fail()  # one item is no shop
    other = " union all select 1, 8, timestamp '2025-11-01'"
    with team.holding(interactions=night.format("(0, 0), (0, 10)") + other):
        team.dbt("run", "--select", "+repeat_purchases").must_pass()
        assert team.rows("select count(*) from repeat_purchases") == [(0,)]
    with team.holding(interactions=night.format("(0, 0), (0, 10), (14, 0), (14, 20), (28, 0)") + other):
        team.dbt("run", "--select", "+repeat_purchases").must_pass()
        assert team.rows("select distinct purchases, interval_days from repeat_purchases") == [(3, 14.0)]


def shown_signals(team: Team, columns: str) -> list[Any]:
    """Rows of signals of what users had, as of today."""
    scores = ("sequence_score", "factors_score", "features_score", "neighbour_score", "best_similarity")
    (team.folder / "models" / "shown.sql").write_text(f"""
        with given as (
            select user_id, item_id, true as is_repeat, {", ".join(f"null::float as {score}" for score in scores)}
            from {{{{ ref('two_tower', 'user_histories') }}}} where cutoff = 0
        )
        from ({{{{ two_tower.signals('given', 0) }}}})
    """)
    try:
        defaults = {"two_tower_split": "time", "two_tower_target_events": [], "two_tower_least_rating": ""}
        team.dbt("run", "--select", "+shown", **defaults).must_pass()  # a team's model does not see them
        return team.rows(f"select distinct {columns} from main.shown order by all")
    finally:
        (team.folder / "models" / "shown.sql").unlink()


def test_a_session_over_midnight_is_no_return_to_an_item(team: Team) -> None:
    night = """
        select range as user_id, 7 + range % 2 as item_id,
            timestamp '2026-03-01 23:55' + interval (if(range % 2 = 0, 14 * d, 0)) day + interval (m) minute as event_at
        from range(60), (values (0, 0), (1, 10)) as events(d, m)
        union all select 1, 9, timestamp '2025-11-01'
    """
    with team.holding(interactions=night):
        found = shown_signals(team, "item_id, item_return_share")
        assert found == [("7", 1.0), ("8", 0.0), ("9", 0.0)]


def test_signals_of_what_was_had_ages_ago_are_missing_and_no_nan(team: Team) -> None:
    ancient = f"{SHOP['interactions']} union all select 500, 7, timestamp '0001-01-01', 'purchase', 1, 1.0"
    with team.holding(interactions=ancient):
        weights = ("recency_30", "recency_90", "recency_weight", "share_of_shelf")
        wrong = " or ".join(f"isnan({name})" for name in weights)
        assert shown_signals(team, f"coalesce({wrong}, false)") == [(False,)]


def test_days_and_moments_of_purchases_give_the_same_interval(team: Team) -> None:
    daily = "select range % 60 as user_id, {0} % 2 as item_id, date '2026-01-01' + 7 * {0} as event_at from range(600)"
    with team.holding(interactions=daily.format("(range // 60)::int")):
        team.dbt("run", "--select", "+repeat_purchases").must_pass()
        assert team.rows("select distinct purchases, interval_days from repeat_purchases") == [(5, 14.0)]


def test_a_review_of_which_the_day_is_known_is_read_when_the_day_is_over(team: Team) -> None:
    """Cutoff 0 is a second after the newest interaction: a review of that day may have been written after it."""
    newest = f"(select max(event_at) from ({SHOP['interactions']}))"
    review = (
        f"select 1 as user_id, 1 as item_id, {{}} as review_at, 4.0 as rating, 'x' as text from (select {newest} as t)"
    )
    for moment, known in (
        ("t::date", 0),
        ("t::date - 1", 1),
        ("t::date::timestamp", 0),
        ("t - interval 1 minute", 1),
        ("t + interval 1 minute", 0),
    ):
        with team.holding(reviews=review.format(moment)):
            team.dbt("run", "--select", "+item_reviews").must_pass()
            assert team.rows("select count(*) from item_reviews where cutoff = 0") == [(known,)], moment


@pytest.mark.parametrize("grain", ["date '2026-04-01' + 0", "timestamp '2026-04-01'"])
def test_an_outcome_of_which_the_day_is_known_counts_from_the_day_of_the_exposure(team: Team, grain: str) -> None:
    outcomes = f"""
        select range as user_id, {grain} as occurred_at, 20.0 as revenue from range(100) where range % 4 = 1
        union all select range, timestamp '2026-03-20', 5.0 from range(100)
        union all select 110, timestamp '2026-05-20', 5.0
    """
    with team.holding(outcomes=outcomes):
        team.dbt("run", "--select", "package:my_shop", "experiment_metrics", "experiment_results").must_pass()
        found = team.rows(
            "select metric, mean, control_mean from experiment_results where variant = 'two_tower' order by metric"
        )
        assert found == [("conversion", 0.5, 0.0), ("revenue", 10.0, 0.0)]
        assert team.rows("select distinct conversion_before, revenue_before from experiment_metrics") == [(1, 5.0)]


# --- checks that every input has


def test_keys_that_never_meet_are_named(team: Team) -> None:
    keys = [(name, key) for name, key in KEYS if "of" in INPUTS[name][key]]
    spoilt = {name: spoil(name, {key: f"'000' || {key}" for of, key in keys if of == name}) for name in dict(keys)}
    with team.holding(**spoilt):
        said = one_line(team.read(*spoilt).must_pass().output)
    for name, key in keys:
        assert re.search(
            re.escape(where(name, key)) + rf"\d+ of \d+ rows name no known {key[:4]}, such as '000", said
        ), name


def together(columns: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Columns that are spoilt in one run, by input: none of a model that does not run behind another that stops."""
    rounds: dict[tuple[bool, bool, int], dict[str, str]] = {}
    for place, (name, column) in enumerate(columns):
        turn = (name in STRICT, name == "reviews", [of for of, _ in columns[:place]].count(name))
        rounds.setdefault(turn, {})[name] = column
    return list(rounds.values())


@pytest.mark.parametrize("columns", together(NEEDED))
def test_null_in_a_needed_column_is_named(team: Team, columns: dict[str, str]) -> None:
    spoilt = {name: spoil(name, {column: f"if(n % 4 = 0, null, {column})"}) for name, column in columns.items()}
    with team.holding(**spoilt):
        outcome = team.read(*[name for name in columns if READERS[name] != "experiment_metrics"])
        said = one_line(outcome.output + outcome.errors)
        said += one_line(team.dbt("run", "--select", "experiment_metrics").output)
    for name, column in columns.items():
        if name in STRICT:
            assert f"{READERS[name]}, column {column}: NULL in " in said
            assert f"in {NAMES[name]} (var two_tower_{name})" in said
        else:
            assert re.search(re.escape(where(name, column)) + r"\d+ rows are NULL. They are left out.", said), said


@pytest.mark.parametrize("moment", ["'infinity'", "'-infinity'", "'2999-01-01'", "'1970-01-01'", "'0001-01-01'"])
def test_both_ends_of_a_time_are_looked_at(team: Team, moment: str) -> None:
    for columns in together(TIMES):
        spoilt = {n: spoil(n, {c: f"if(n % 10 = 0, timestamp {moment}, {c})"}) for n, c in columns.items()}
        with team.holding(**spoilt):
            outcome = team.read(*[name for name in columns if READERS[name] != "experiment_metrics"])
            said = one_line(outcome.output + outcome.errors)
            said += one_line(team.dbt("run", "--select", "experiment_metrics").output)
        for name, column in columns.items():
            if moment in ("'1970-01-01'", "'0001-01-01'"):
                assert f"{where(name, column)}" in said
                assert f"where \"{column}\" >= timestamp '1971-01-01'" in said
            elif name in STRICT:
                assert not outcome.passed
                assert re.search(
                    rf"column {column}: \d+ rows (lie in the future|are -infinity).*?Remedy: correct the ", said
                )
            else:
                assert re.search(re.escape(where(name, column)) + r"\d+ rows .{,99}They are left out\.", said), said


def test_outcomes_of_the_future_do_not_complete_the_days_after_an_exposure(team: Team) -> None:
    base = SHOP["outcomes"] + " where range < 150"
    query = "select is_complete, count(*) from experiment_metrics group by all"
    with team.holding(outcomes=base):
        team.read("outcomes").must_pass()
        expected = team.rows(query)
        assert expected == [(False, 100)]
    with team.holding(outcomes=base + " union all select 1, timestamp '2999-01-01', 1.0"):
        team.read("outcomes").must_pass()
        assert team.rows(query) == expected


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_not_finite_is_missing_and_counted(team: Team, value: str) -> None:
    def tables(missing: str) -> dict[str, str]:
        numbers = {name: [column for of, column in NUMBERS if of == name] for name in dict(NUMBERS)}
        return {
            name: spoil(name, {column: f"if(n % 10 = 0, {missing}::double, {column}::double)" for column in columns})
            for name, columns in numbers.items()
            if name != "merchandising_rules"  # a rule needs its number
        }

    def content() -> list[Any]:
        return [team.rows(f"from {READERS[name]} order by all") for name in tables("null")]

    with team.holding(**tables("null")):
        team.read(*tables("null")).must_pass()
        expected = content()
    with team.holding(**tables(f"'{value}'")):
        said = one_line(team.read(*tables("null")).must_pass().output)
        assert content() == expected
    for name, column in NUMBERS:
        if name != "merchandising_rules":
            assert re.search(re.escape(where(name, column)) + r"\d+ rows are NaN or infinite", said), said


def test_features_that_are_not_finite_are_missing_and_counted(team: Team) -> None:
    spoilt = """
        select *, if(user_id % 4 = 0, 'nan'::double, 1.5) as height, if(user_id % 5 = 0, 'inf'::float, 1) as weight,
            [1, if(user_id % 2 = 0, 'nan'::float, 2)]::float[2] as face
        from ({})
    """
    with team.holding(users=spoilt.format(SHOP["users"])):
        said = one_line(team.read("users").must_pass().output)
        assert f"{where('users', 'height')}30 rows are NaN or infinite" in said
        assert team.rows("select count(height), count(weight), count(face), count(*) from stg_users") == [
            (90, 96, 60, 120)
        ]
        assert team.rows("select count(*) from stg_users where not (isfinite(height) and isfinite(weight))") == [(0,)]


@pytest.mark.parametrize("name", ["interactions", "outcomes"])
def test_rows_that_a_join_has_repeated_are_named(team: Team, name: str) -> None:
    with team.holding(**{name: f"select * from ({SHOP[name]}), range(3) as r(again)"}):
        said = one_line(team.read(name).must_pass().output)
        assert "A join that repeats rows looks like this" in said


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("merchandising_rules", "strength", "'much'"),
        ("merchandising_rules", "position", "'first'"),
        ("merchandising_rules", "valid_from", "'soon'"),
        ("item_availability", "available_until", "'never'"),
        ("exposures", "exposed_at", "'yesterday'"),
        ("outcomes", "revenue", "'12,50'"),
        ("reviews", "rating", "'good'"),
        ("reviews", "review_at", "'lately'"),
    ],
)
def test_text_that_is_no_time_or_number_is_one_error_of_ours(team: Team, name: str, column: str, value: str) -> None:
    with team.holding(**{name: spoil(name, {column: value})}):
        errors = one_line(team.read(name).must_fail().errors)
        assert f"{where(name, column)}" in errors
        assert f"such as {value}" in errors
        remedy = re.search(r"in your model: (try_cast\(.*?) as \"", errors)
        assert remedy
    with team.holding(**{name: spoil(name, {column: remedy[1].replace(f'"{column}"', value)})}):
        team.read(name)  # NULL now, which may be missing; but no error about the text
        assert f"such as {value}" not in one_line(team.read(name).output)


def test_text_that_is_a_time_or_number_is_read_in_optional_inputs(team: Team) -> None:
    """Seeds write everything as text, and an empty column as a number."""
    rules = spoil("merchandising_rules", {"strength": "'2.5'"})
    with team.holding(merchandising_rules=f"select * replace (null::integer as valid_from) from ({rules})"):
        team.read("merchandising_rules").must_pass()
        assert team.rows("select distinct strength from active_rules") == [(2.5,)]


# --- boundary values


def test_a_quantity_of_0_is_no_purchase_and_partly_known_prices_give_the_revenue_that_is_known(team: Team) -> None:
    lines = """
        select 500 as user_id, 7 as item_id, timestamp '2026-03-01 10:00' as event_at, 'purchase' as event_type,
            quantity, price
        from (values (1, 10.0), (1, null), (0, 99.0), (-1, 10.0)) as t(quantity, price)
        union all select 501, 9, timestamp '2026-03-02', 'purchase', 0, null
        union all select 502, 9, timestamp '2026-03-02', 'view', 0, null
        union all select 503, 9, timestamp '2026-03-02', 'purchase', null, 4.0
    """
    with team.holding(interactions=lines):
        said = one_line(team.read("interactions").must_pass().output)
        assert f"{where('interactions', 'quantity')}1 rows are below 0" in said
        assert f"{where('interactions', 'quantity')}2 rows are 0. They are treated as cancelled lines" in said
        assert 'nullif("quantity", 0)' in said
        assert team.rows("select user_id, quantity, price, revenue from stg_interactions order by all") == [
            ("500", 2.0, 10.0, 10.0),
            ("502", 1.0, None, None),  # no view of this shop has a quantity
            ("503", 1.0, 4.0, 4.0),
        ]


def test_means_are_over_the_units_whose_price_is_known(team: Team) -> None:
    lines = f"""
        {SHOP["interactions"]} union all
        select 500, 7, timestamp '2026-01-05 10:00', 'purchase', q, p
        from (values (1, 10.0), (3, 20.0), (5, null)) as t(q, p)
        union all select 500, 8, timestamp '2026-01-06', 'purchase', 2, 0.0
    """
    with team.holding(interactions=lines):
        team.dbt("run", "--select", "+user_features").must_pass()
        columns = "spend, round(mean_price, 9)"
        assert team.rows(f"select {columns} from user_features where user_id = '500' and cutoff = 0") == [
            (70.0, round(70 / 6, 9))
        ]


def test_prices_below_0_are_named(team: Team) -> None:
    with team.holding(interactions=spoil("interactions", {"price": "if(n % 10 = 0, -5.0, price)"})):
        said = one_line(team.read("interactions").must_pass().output)
        assert f"{where('interactions', 'price')}200 rows are below 0 (such as '-5.0')" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("two_tower_basket_days", 10**9),
        ("two_tower_k", 10**12),
        ("two_tower_history_half_life_days", math.inf),
        ("two_tower_max_calibration_error", math.nan),
        ("two_tower_min_recall", {"allow_repeats": math.nan}),
        ("two_tower_caps", {"shelf": 10**12}),
        ("two_tower_experiments", {"mail": {"control": 1.0, "unseen_only": math.inf}}),
    ],
)
def test_numbers_of_vars_are_finite_and_have_two_ends(team: Team, name: str, value: Any) -> None:
    try:
        team.write(**{name: value})
        errors = team.dbt("run", "--select", "stg_users", "experiment_assignments").must_fail().errors
        assert re.search(rf"var {name}(, experiment mail)?: ", errors), errors
    finally:
        team.write()


# --- bookkeeping columns


def test_the_bookkeeping_of_tools_is_no_feature(team: Team) -> None:
    kept = "now()::timestamp as dbt_valid_from, now()::timestamp as dbt_updated_at, md5(user_id::varchar) as dbt_scd_id"
    more = "now()::timestamp as _fivetran_synced, 'x' as _airbyte_raw_id, now()::timestamp as last_modified"
    with team.holding(users=f"select *, {kept}, {more} from ({SHOP['users']})"):
        said = one_line(team.read("users").must_pass().output)
        for column in ("dbt_valid_from", "dbt_updated_at", "dbt_scd_id", "_fivetran_synced", "_airbyte_raw_id"):
            assert f"{where('users', column)}is the bookkeeping of a tool" in said
        assert f"{where('users', 'last_modified')}seems to be the time of the last change" in said
        columns = {name for (name,) in team.rows("select column_name from (describe stg_users)")}
        assert columns == {"user_id", "club", "age", "last_modified", "user_label"}


def test_a_time_that_moves_with_each_load_is_named(team: Team) -> None:
    times = "timestamp '2026-11-01' as seen_at, timestamp '2025-12-01' as joined, date '2026-11-01' as \"Last Seen\""
    with team.holding(users=f"select *, {times} from ({SHOP['users']})"):
        said = one_line(team.dbt("run", "--select", "+user_features").must_pass().output)
        assert f"{where('users', 'seen_at')}lies after the last event of 120 of 120 users" in said
        assert f"{where('users', 'Last Seen')}lies after the last event of 120 of 120 users" in said
        assert "column joined" not in said


# --- types, as the engine knows them


def test_every_type_of_the_engine_has_the_family_that_its_casts_show(team: Team) -> None:
    types = team.rows(
        "select distinct logical_type from duckdb_types() where logical_type not in ('ENUM', 'STRUCT', 'LIST', 'MAP', "
        "'UNION', 'ARRAY', 'TABLE', 'INVALID', 'NULL', 'TYPE', 'TUPLE') order by 1"
    )
    samples = {"number": "7", "text": "x", "time": "2026-01-01", "time of day": "10:00"}
    shown = " union all ".join(
        f"select '{name}' as type, '{{{{ two_tower.type_family(\"{name}\") }}}}' as family" for (name,) in types
    )
    (team.folder / "models" / "families.sql").write_text(shown)
    try:
        team.dbt("run", "--select", "families").must_pass()
        families = dict(team.rows("from main.families"))
    finally:
        (team.folder / "models" / "families.sql").unlink()
    assert {families[name] for name in ("UHUGEINT", "HUGEINT", "BIGNUM", "DECIMAL", "UTINYINT")} == {"number"}
    assert {families[name] for name in ("VARCHAR", "UUID")} == {"text"}
    assert {name for name in families if families[name] == "time"} >= {
        "DATE",
        "TIMESTAMP_NS",
        "TIMESTAMP WITH TIME ZONE",
    }
    for name, family in families.items():
        if family in ("number", "time", "time of day"):
            assert team.rows(f"select try_cast('{samples[family]}' as {name}) is not null") == [(True,)], name


def test_surrogate_keys_of_every_whole_number_meet(team: Team) -> None:
    keys = {name: spoil(name, {"user_id": "md5_number(user_id::varchar)"}) for name in ("interactions", "users")}
    with team.holding(**keys):
        team.dbt("run", "--select", "+user_features").must_pass()
        known = "select count(*) from stg_interactions where user_id not in (select user_id from stg_users)"
        assert team.rows(known) == [(0,)]
    with team.holding(items=f"select *, md5_number(shelf) as supplier from ({SHOP['items']})"):
        team.read("items").must_pass()
        assert team.rows("select column_type from (describe stg_items) where column_name = 'supplier'") == [("DOUBLE",)]


# --- names and literals with quotes


def test_names_with_quotes_are_names(team: Team) -> None:
    odd = 'select *, range % 7 as "Screen (15"")", \'it\'\'s\' as "men\'s" from ({}) join range(60) on range = item_id'
    names = {'men\'s "list"': {"control": 1, "it's": 1}, "mail": {"control": 1, "b": 1}}
    with team.holding(items=odd.format(SHOP["items"])):
        team.read("items").must_pass()
        assert team.rows("select count(distinct screen_15), count(distinct men_s) from stg_items") == [(7, 1)]
        team.dbt(
            "run", "--select", "experiment_assignments", "experiment_results", two_tower_experiments=names
        ).must_pass()
        assert team.rows("select distinct experiment, variant from experiment_assignments order by all") == sorted(
            (experiment, variant) for experiment, variants in names.items() for variant in variants
        )


def test_a_mapped_column_may_have_a_quote_in_its_name(team: Team) -> None:
    given = 'select user_id as "the ""user""", * exclude (user_id) from ({})'
    mapped = {"reviews": {"user_id": 'the "user"'}, "exposures": {"user_id": 'the "user"'}}
    with team.holding(reviews=given.format(SHOP["reviews"]), exposures=given.format(SHOP["exposures"])):
        team.read("reviews", "exposures", two_tower_columns=mapped).must_pass()
        assert count(team, "reviews") == 120


def test_columns_of_any_name_are_signals_of_their_own(team: Team) -> None:
    """A category may be called as a part of a signal is."""
    odd = ", ".join(f"'x' || range % 3 as {name}" for name in ("last", "first", "same_last", "category"))
    with team.holding(items=f"select *, {odd} from ({SHOP['items']}) join range(60) on range = item_id"):
        team.read("items").must_pass()
        team.dbt("compile", "--select", "ranked_candidates").must_pass()
    (compiled,) = (team.folder / "target" / "compiled").rglob("ranked_candidates.sql")
    names = re.findall(r'as float\) as "?(\w+)"?', compiled.read_text())
    assert {"days_since_last", "share_of_last", "share_of_shelf"} <= set(names)
    assert len(names) == len(set(names)), names


def test_identifiers_and_literals_are_written_in_one_way() -> None:
    """Nothing else puts a value of Jinja between quotes, which the value may hold itself."""
    for path in [*(REPO / "macros").rglob("*.sql"), *(REPO / "models").rglob("*.sql")]:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        if path.name == "literal.sql":
            continue
        assert not re.search(r"adapter\.quote\(", text), path
        for line in text.splitlines():
            assert not re.search(r"(?<![\w)])'\{\{", line), (path.name, line)
            assert not re.search(r"(= ?|\()'\" ~ |\"'\" ~ \w+ ~ \"'\"", line), (path.name, line)


# --- remedies


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("epoch(event_at)::bigint", "event_at"),
        ("epoch_ms(event_at)", "event_at"),
        ("epoch_us(event_at)", "event_at"),
        ("epoch_ns(event_at)", "event_at"),
        ("epoch(event_at)", "event_at"),
        ("strftime(event_at, '%Y%m%d')::integer", "event_at::date"),
        ("event_at::varchar", "event_at"),
        ("event_at at time zone 'UTC'", "event_at"),
    ],
)
def test_the_remedy_for_a_time_works_when_pasted(team: Team, given: str, expected: str) -> None:
    spoilt = f"select * replace ({given} as event_at) from ({SHOP['interactions']})"
    with team.holding(interactions=spoilt):
        errors = one_line(team.read("interactions").must_fail().errors)
        remedy = re.search(r"in your model[:,] (.*? as \"event_at\")[.,]", errors)
        assert remedy, errors
        team.fill(interactions=f"select * replace ({remedy[1]}) from ({spoilt})")
        team.read("interactions").must_pass()
        right = f"select {expected} as event_at from ({SHOP['interactions']})"
        wrong = f"select count(*) from stg_interactions anti join ({right}) using (event_at)"
        assert team.rows(wrong) == [(0,)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("make_timestamp(epoch_ms(event_at))", "correct the unit of time in your model"),
        ("date '2026-03-01'", "set two_tower_split: random"),
    ],
)
def test_the_remedy_for_a_short_history_fits_its_cause(team: Team, given: str, says: str) -> None:
    with team.holding(interactions=f"select * replace ({given} as event_at) from ({SHOP['interactions']})"):
        team.read("interactions").must_pass()
        assert says in one_line(team.dbt("run", "--select", "data_end", "interaction_splits").must_fail().errors)
        if "random" in says:
            team.dbt(
                "run", "--select", "data_end", "interaction_splits", two_tower_split="random", two_tower_reviews=""
            ).must_pass()


def test_what_is_wrong_with_a_model_of_ours_is_mended_in_a_file_of_theirs(team: Team) -> None:
    project = team.folder / "dbt_project.yml"
    kept = project.read_text()
    try:
        project.write_text(kept.replace("models:\n", "models:\n  +materialized: view\n"))
        errors = one_line(team.dbt("run", "--select", "stg_items").must_fail().errors)
        assert "say in your dbt_project.yml, under models: `two_tower: {+materialized: table}`" in errors
        project.write_text(
            kept.replace("models:\n", "models:\n  +materialized: view\n").replace(
                "    +schema: recommender\n", "    +schema: recommender\n    +materialized: table\n"
            )
        )
        team.dbt("run", "--select", "stg_items").must_pass()
    finally:
        project.write_text(kept)
        team.fill()


# --- items that are no products

POSTAGE = f"""
    select * from ({SHOP["interactions"]})
    union all
    select n % 120, if(n % 10 = 0, 900 + n % 3, 910), timestamp '2026-01-01' + interval (n * 270 + 7) minute,
        'purchase', 1, if(n % 2 = 0, 0.5, 90)
    from range(600) as t(n)
"""
NO_PRODUCTS = f"""
    select item_id, shelf, list_price, 'card holder no ' || item_id as title from ({SHOP["items"]})
    where item_id > 1
    union all
    values (0, 'shelf 0', 1.5, 'manual toothbrush'), (1, 'shelf 1', 1.5, 'post-it notes'),
        (900, 'shelf 0', 1, 'DOTCOM_Postage'), (901, 'shelf 0', 1, ' Manual '), (902, 'shelf 0', 1, 'delivery charges')
"""
PASTE = re.compile(r"two_tower_placeholder_ids: (\{.*?\})")


def test_items_that_are_no_products_are_named_and_what_is_pasted_leaves_them_out(team: Team) -> None:
    build = ("run", "--select", "package:my_shop", "+item_categories")
    given: dict[str, Any] = {"two_tower_item_label": "title", "two_tower_placeholder_ids": {"user_id": ["no one"]}}
    with team.holding(interactions=POSTAGE, items=NO_PRODUCTS):
        said = one_line(team.dbt(*build, **given).must_pass().output)
        assert "4 items seem to be no products, such as '900' (DOTCOM_Postage), '901' (Manual)" in said
        pasted = json.loads(PASTE.findall(said.split("seem to be no products")[1])[0])
        assert pasted == {"user_id": ["no one"], "item_id": ["900", "901", "902", "910"]}
        said = team.dbt(*build, **given | {"two_tower_placeholder_ids": pasted}).must_pass().output
        assert "no products" not in said
        left = "select count(*), count(*) filter (where item_id::int >= 900) from"
        assert team.rows(f"{left} stg_interactions") == [(2000, 0)]
        assert team.rows(f"{left} item_categories") == [(60, 0)]


@pytest.mark.parametrize("change", ["category", "price", "share"])
def test_one_sign_less_is_no_sign(team: Team, change: str) -> None:
    """Item 910 has no name that tells: it stands in many baskets, has odd prices and no category."""
    events, items = POSTAGE, SHOP["items"]
    if change == "category":
        items += " union all select 910, 'shelf 1', 2.5"
    elif change == "price":
        events = events.replace("0.5, 90)", "30, 90)")
    else:
        events = events.replace("range(600)", "range(90)")
    with team.holding(interactions=events, items=items):
        said = team.dbt("run", "--select", "package:my_shop", "+item_categories").must_pass().output
        assert "no products" not in said


# --- names that people read

NAMED = f"select *, '  ' || nullif('thing ' || item_id, 'thing 7') || ' ' as \"Produkt Name\" from ({SHOP['items']})"


def test_a_name_is_no_feature_because_it_is_a_name(team: Team) -> None:
    columns = "select column_name from (describe stg_items) order by 1"
    tell = team.folder / "models" / "shop.yml"
    with team.holding(items=NAMED):
        try:
            tell.write_text(
                "models: [{name: dim_products, columns: "
                "[{name: Produkt Name, quote: true, config: {meta: {two_tower_encoding: ignore}}}]}]"
            )
            team.read("items").must_pass()
            unnamed = team.rows(columns)
            assert team.rows("select count(item_label) from stg_items") == [(0,)]
            given = {"two_tower_item_label": "produkt name"}
            team.dbt("run", "--select", "package:my_shop", "+item_categories", "+item_inputs", **given).must_pass()
            assert team.rows(columns) == unnamed
            labels = "select count(*), count(item_label), count(*) filter (where item_label = 'thing ' || item_id) from"
            assert team.rows(f"{labels} stg_items") == team.rows(f"{labels} item_categories") == [(60, 59, 59)]
            assert "item_label" not in [name for (name,) in team.rows("select column_name from (describe item_inputs)")]
        finally:
            tell.unlink(missing_ok=True)
        team.read("items", two_tower_item_label="Produkt Name").must_pass()
        assert "produkt_name" in [name for (name,) in team.rows(columns)], "a feature it is as before"


@pytest.mark.parametrize("name", ["items", "users"])
def test_a_column_of_names_that_is_not_there_is_named(team: Team, name: str) -> None:
    variable = f"two_tower_{name.removesuffix('s')}_label"
    errors = one_line(team.read(name, **{variable: "title"}).must_fail().errors)
    assert f"var {variable}: 'title' is no column of {NAMES[name]}." in errors
    assert "or '' for none." in errors
    team.read(name, **{variable: ""}).must_pass()


# --- the value by which lists may be ordered


def test_values_are_relative_to_the_median(team: Team) -> None:
    items = f"select *, [null, -3, 0, 2, 4, 4, 8][1 + item_id % 7] as margin from ({SHOP['items']})"
    with team.holding(items=items):
        run = ("run", "--select", "package:my_shop", "+item_categories")
        team.dbt(*run, two_tower_value_column="Margin").must_pass()
        found = "select distinct item_id::int % 7, relative_value from item_categories order by 1"
        assert team.rows(found) == [(0, 1), (1, 0), (2, 0), (3, 0.5), (4, 1), (5, 1), (6, 2)]
    team.dbt(*run).must_pass()
    assert team.rows("select distinct relative_value from item_categories") == [(1,)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"two_tower_value_column": "cost"}, "var two_tower_value_column: 'cost' is no column of dim_products."),
        (
            {"two_tower_value_column": "shelf"},
            "var two_tower_value_column: 'shelf' of dim_products is VARCHAR, expected a number.",
        ),
        (
            {"two_tower_value_weight": 0.5},
            "var two_tower_value_weight: value '0.5' weighs a value, and no column has one.",
        ),
    ],
)
def test_a_value_that_lists_cannot_go_by_is_named(team: Team, given: dict[str, Any], says: str) -> None:
    assert says in one_line(team.read("items", **given).must_fail().errors)


# --- data are never SQL, Jinja or a path

HOSTILE = [
    "'); drop table stg_items; --",
    "{{ 1/0 }}",
    "{% raw %}",
    "../../etc/passwd",
    '"; select 1; --',
    "a'b\"c",
    "$$",
]


def test_planted_strings_come_out_as_they_went_in(team: Team) -> None:
    texts = ", ".join("'" + text.replace("'", "''") + "'" for text in HOSTILE)
    hostile = f"[{texts}][1 + n % {len(HOSTILE)}]"

    def named(column: str) -> str:
        return f"if({column} < {len(HOSTILE)}, [{texts}][1 + {column}::bigint], {column}::varchar)"

    spoilt = {
        "interactions": {"user_id": named("user_id"), "item_id": named("item_id"), "event_type": hostile},
        "users": {"user_id": named("user_id"), "club": hostile},
        "items": {"item_id": named("item_id"), "shelf": hostile},
        "reviews": {"user_id": named("user_id"), "item_id": named("item_id"), "text": hostile},
        "item_availability": {"item_id": named("item_id")},
        "user_exclusions": {"user_id": named("user_id"), "item_id": named("item_id")},
        "merchandising_rules": {
            "rule_id": hostile,
            "item_id": named("item_id"),
            "category": "null",
            "segment": hostile,
        },
        "exposures": {
            "experiment": hostile,
            "user_id": named("user_id"),
            "variant": "if(n % 3 = 0, 'control', " + hostile + ")",
        },
        "outcomes": {"user_id": named("user_id")},
    }
    with team.holding(**{name: spoil(name, values) for name, values in spoilt.items()}):
        team.dbt("run", "--select", *UNTRAINED, "active_rules", "unavailable_items", "excluded_items").must_pass()
        for query in (
            "select user_id from stg_users", "select item_id from stg_items", "select user_id from stg_interactions",
            "select distinct shelf from stg_items", "select distinct category from item_categories",
            "select distinct segment from user_segments", "select distinct item_id from item_reviews",
            "select distinct experiment from experiment_metrics",
        ):  # fmt: skip
            found = {value for (value,) in team.rows(query)}
            assert set(HOSTILE) <= found, (query, found)
        errors = one_line(team.dbt("run", "--select", "active_rules", two_tower_k=1, two_tower_rank_depth=1).output)
        assert "Traceback" not in errors


def test_a_planted_string_in_an_error_is_told_and_not_run(team: Team) -> None:
    for text in HOSTILE:
        quoted = "'" + text.replace("'", "''") + "'"
        with team.holding(merchandising_rules=spoil("merchandising_rules", {"rule_id": quoted, "action": quoted})):
            errors = team.read("merchandising_rules").must_fail().errors
            assert f"rule '{text}': action is '{text}'; it may be pin, boost, bury or exclude" in errors
    assert team.rows("select count(*) > 0 from stg_items") == [(True,)]
