"""Random tables for every input: odd values of odd types in odd columns.

A run must give tables that keep every promise, which SQL of its own looks after here, or one error of ours.

A case is a list of changes to the shop of every_input.py, each of one column of one input, or of its rows; and vars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb
from helpers.every_input import NAMES, SHOP, UNTRAINED, Team, known_inputs
from helpers.list_promises import list_promises, views
from hypothesis import strategies as st

TEXTS = [
    "", " ", "0", "-1", "nan", "NULL", "unknown", "7", "007", "1.0", "Ä", "绿茶", "\U0001f600", "a\u0301", "x" * 3000,
    "'); drop table stg_items; --", "{{ 1/0 }}", "{% raw %}", "../../etc/passwd", "http://example.com", "%",
    "\\", '"', "a'b", "2026-01-01",
    "[1, 2]", "infinity", "1e400",
]  # fmt: skip
VALUES: dict[str, list[str]] = {
    "VARCHAR": ["'" + text.replace("'", "''") + "'" for text in TEXTS],
    "DOUBLE": ["'nan'", "'inf'", "'-inf'", "1e308", "-1e308", "0", "'-0.0'", "1e-320", "0.5", "-3"],
    "FLOAT": ["'nan'", "'inf'", "3e38", "-3e38", "0"],
    "BIGINT": ["0", "-1", "9223372036854775807", "-9223372036854775808", "1433221332117"],
    "HUGEINT": ["170141183460469231731687303715884105727", "-1"],
    "UHUGEINT": ["340282366920938463463374607431768211455", "0"],
    "BIGNUM": ["'1' || repeat('0', 400)", "0"],
    "DECIMAL(18,3)": ["0", "-0.001", "999999999999999.999"],
    "TINYINT": ["0", "-128"],
    "BOOLEAN": ["true"],
    "TIMESTAMP": [
        "'infinity'",
        "'-infinity'",
        "'1970-01-01'",
        "'0001-01-01'",
        "'9999-12-31'",
        "'2026-03-01 23:59:59.999999'",
    ],
    "TIMESTAMP_NS": ["'2026-03-01'", "'1970-01-01'"],
    "TIMESTAMP WITH TIME ZONE": ["'2026-03-01'"],
    "DATE": ["'2026-03-01'", "'infinity'", "'5000000-01-01'", "'1970-01-01'"],
    "TIME": ["'10:00'"],
    "INTERVAL": ["interval 1 day"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "gen_random_uuid()"],
    "BLOB": ["'\\xAA'"],
    "JSON": ["'{\"a\": 1}'", "'null'"],
    "VARCHAR[]": ["[]", "['a', 'a', null]", "null"],
    "DOUBLE[]": ["[1.0, 'nan'::double]"],
    "FLOAT[2]": ["[1, 2]", "['nan'::float, 1]"],
    "STRUCT(a INTEGER)": ["{'a': 1}"],
    "MAP(VARCHAR, INTEGER)": ["map {'a': 1}"],
}
NEW_COLUMNS = [
    'Screen (15"")',
    "select",
    "ключ",
    "men's",
    "{{ 1/0 }}",
    "embedding",
    "user code",
    "dbt_valid_from",
    "updated_at",
    "--",
    "last",
    "First",
    "score",
    "item_users",
]
ROWS = {
    "": [
        "select * from {0} limit 0",
        "select * from {0} limit 1",
        "select * from {0} union all select * from {0}",
        "select distinct on (1) * from {0}",
        "select * from {0} where random() < .5",
    ],
    "interactions": [
        "select * from {0} where hash(user_id) % 3 > 0",  # the others are new
        "select * from {0} where hash(item_id) % 3 > 0",
        "select * from {0} where user_id::varchar not in ('1', '2') or item_id::varchar < '3'",
    ],
}
SETTINGS: dict[str, list[Any]] = {
    "two_tower_policy": ["allow_repeats", "unseen_only"],
    "two_tower_policies": [["allow_repeats"], ["unseen_only"]],
    "two_tower_k": [1, 3, 25],
    "two_tower_candidates": [1, 20],
    "two_tower_rank_depth": [1, 20],
    "two_tower_caps": [{"shelf": 1}, {"shelf": 3, "list_price": 2}],
    "two_tower_category": [""],
    "two_tower_segment": [""],
    "two_tower_top_k": ["approximate"],
    "two_tower_neighbours": [1],
    "two_tower_neighbour_history": [1],
    "two_tower_item_label": ["shelf", "list_price"],
    "two_tower_user_label": ["club", "age"],
    "two_tower_bad_rows": ["skip"],
    "two_tower_value_column": ["list_price"],
    "two_tower_value_weight": [0.5, 2],
    "two_tower_diversity": [0.1, 0.9],
    "two_tower_new_item_share": [0.1, 0.5, 1],
}
INPUTS = known_inputs()
COLUMNS = [(name, column) for name, columns in INPUTS.items() for column in columns]
KEPT_LISTS = {
    "bought_together": "item_id",
    "popular_items": "segment",
    "trending_items": "segment",
}


@dataclass(frozen=True)
class Change:
    """In every `every`th row of an input the value of a column, which is cast to a type; or other rows."""

    name: str
    column: str = ""
    kind: str = "VARCHAR"
    value: str = "null"
    every: int = 3
    rows: str = ""  # of SQL: what stands around the table, in which {} is meant

    def of(self, query: str) -> str:
        """The query with the change."""
        if self.rows:
            return self.rows.format(f"({query})")
        column = '"' + self.column + '"'
        given = f"try_cast({self.value} as {self.kind})"
        numbered = f"select *, row_number() over () as n from ({query})"
        if self.column.replace('""', '"') in INPUTS[self.name]:
            others = f"if(n % {self.every} = 0, {given}, try_cast({column} as {self.kind}))"
            return f"select * exclude (n) replace ({others} as {column}) from ({numbered})"
        return f"select * exclude (n), if(n % {self.every} = 0, {given}, null) as {column} from ({numbered})"


@dataclass(frozen=True)
class Case:
    """Changes of the tables, and vars that differ from those of the shop."""

    changes: tuple[Change, ...]
    variables: dict[str, Any] = field(default_factory=dict)


@st.composite
def cases(draw: st.DrawFn, *, are_mild: bool = False) -> Case:
    """One to four changes, and in half of the cases some vars. After mild changes there are lists in most cases."""
    variables: dict[str, Any] = {}
    if draw(st.booleans()):
        optional = {name: st.sampled_from(values) for name, values in SETTINGS.items()}
        variables = draw(st.fixed_dictionaries({}, optional=optional))
        if draw(st.booleans()):
            variables |= {"two_tower_evaluation_k": 10, "two_tower_ks": [5, 10]}
    return Case(tuple(draw(st.lists(one_change(are_mild), min_size=1, max_size=4))), variables)


@st.composite
def one_change(draw: st.DrawFn, is_mild: bool) -> Change:
    """A change of a column or of the rows; or other rows of what merchandisers write."""
    forms = ["rules", "offers", "rows", "new column"]
    form = draw(st.sampled_from([*forms, *(["rules"] if is_mild else ["type", "value", "value"]), "value"]))
    if form == "rows":
        name = draw(st.sampled_from(["interactions"] if is_mild else list(INPUTS)))
        return Change(name, rows=draw(st.sampled_from(ROWS.get(name, []) + ([] if is_mild else ROWS[""]))))
    if form == "rules":
        rules = [draw(one_rule(number)) for number in range(draw(st.integers(1, 8)))]
        return Change("merchandising_rules", rows=" union all ".join(rules))
    if form == "offers":
        return draw(st.sampled_from([available, excluded]))(draw(st.integers(0, 1000)))
    kind = draw(st.sampled_from(list(VALUES)))
    value = draw(st.sampled_from(["null", *VALUES[kind]]))
    every = draw(st.sampled_from([7, 50] if is_mild else [1, 2, 7, 50]))
    if form == "new column":
        return Change(draw(st.sampled_from(["users", "items"])), draw(st.sampled_from(NEW_COLUMNS)), kind, value, every)
    name, column = draw(st.sampled_from(COLUMNS))
    if form == "value":  # of the type that the column has
        kinds = {"key": "VARCHAR", "text": "VARCHAR", "time": "TIMESTAMP", "local time": "TIMESTAMP"}
        kind = kinds.get(INPUTS[name][column]["kind"], "DOUBLE")
        value = draw(st.sampled_from(["null", *VALUES[kind]]))
    return Change(name, column, kind, value, every)


@st.composite
def one_rule(draw: st.DrawFn, number: int) -> str:
    """A rule that can be followed, as a row of SQL."""
    action = draw(st.sampled_from(["pin", "pin", "boost", "bury", "exclude"]))
    item = draw(st.sampled_from(["7", "12", "33", "59", "'no such'", *(["null"] if action != "pin" else [])]))
    category = draw(st.sampled_from(["'shelf 1'", "'shelf 2'", *(["null"] if item != "null" else [])]))
    if action == "pin":
        category = "null"
    segment = draw(st.sampled_from(["null", "null", "'club 1'", "'club 2'"]))
    first, last = draw(st.sampled_from([("null", "null"), ("null", "2999-01-01"), ("2020-01-01", "2020-02-01")]))
    times = [f"nullif('{moment}', 'null')::timestamp" for moment in (first, last)]
    position, strength = draw(st.integers(1, 12)), draw(st.sampled_from([0.01, 0.5, 1, 3, 1e30]))
    return f"""
        select 'r{number}' as rule_id, '{action}' as action, {item}::varchar as item_id,
            {category}::varchar as category, {segment}::varchar as segment, {position} as position,
            {strength}::double as strength, {times[0]} as valid_from, {times[1]} as valid_until
    """


def available(number: int) -> Change:
    """Items that are available for some users, and from or until some day."""
    rows = f"""
        select range as item_id, if(hash(range, {number}) % 4 = 0, 'club ' || hash(range) % 5, null) as segment,
            if(hash(range, {number}, 1) % 6 = 0, timestamp '2999-01-01', timestamp '2020-01-01') as available_from,
            if(hash(range, {number}, 2) % 6 = 0, timestamp '2021-01-01', null) as available_until
        from range(60) union all select range, 'club 1', null, null from range({number % 60})
    """
    return Change("item_availability", rows=rows)


def excluded(number: int) -> Change:
    """Up to a thousand pairs of users and items."""
    pairs = f"hash(range, {number}) % 120 as user_id, hash(range, {number}, 1) % 60 as item_id"
    return Change("user_exclusions", rows=f"select {pairs} from range({number})")


@dataclass
class Verdict:
    """What came of a case: `outcome`, and in `faults` what must not be."""

    outcome: str
    faults: list[str] = field(default_factory=list)


def tables_of(case: Case) -> dict[str, str]:
    """The shop's tables with the changes; none that cannot be made at all."""
    tables: dict[str, str] = {}
    with duckdb.connect() as connection:
        for change in case.changes:
            query = change.of(tables.get(change.name, SHOP[change.name]))
            try:
                connection.execute(f"create or replace table t as {query}")
            except duckdb.Error:
                continue
            tables[change.name] = query
    return tables


MODELS = {  # what is run, by what is judged
    "tables": ("--select", *UNTRAINED, "active_rules"),
    "lists": ("--exclude", "tag:train"),  # with the towers and the ranker that are there
    "training": (),
}


def judged(team: Team, case: Case, kind: str = "tables") -> Verdict:
    """Run a case and look at what it leaves."""
    with team.holding(**tables_of(case)):
        outcome = team.dbt("run", *MODELS[kind], **case.variables)
        if not outcome.passed:
            faults = faults_of_errors(outcome.errors)
            return Verdict("error of ours" if not faults else "wrong error", faults)
        with team.connect() as connection:
            faults = broken_promises(connection, PROMISES | ranks(KEPT_LISTS))
            if kind != "tables":
                faults += broken_lists(connection, case.variables, with_evaluation=kind == "training")
        warned = "var two_tower_" in outcome.output
        return Verdict("wrong tables" if faults else "tables, with a warning" if warned else "tables", faults)


def faults_of_errors(errors: str) -> list[str]:
    """What is wrong with the errors of a run: each must be ours, with a place and a remedy."""
    faults = [f"a traceback: {errors[-1500:]}"] if "Traceback" in errors else []
    parts = re.split(r"\n(?=Failure in |Encountered an error)", "\n" + errors)
    for part in parts:
        if not part.strip() or ("Failure in" not in part and "rror" not in part):
            continue
        ours = re.search(r"\w.*: .*\n?\s*(Remedy: \w|See the error of \w+\.)", part) or re.search(
            r"\b(embed|top_k|history_\w+): .*;", part
        )
        if not ours and re.search(r"Error", part):
            faults.append(f"an error that is not ours: {part.strip()[:1200]}")
    return faults


PROMISES: dict[str, str] = {
    "events are whole, unique and of the past": """
        select count(*) from stg_interactions
        where user_id is null or item_id is null or event_at is null or event_type is null or not isfinite(event_at)
            or event_at > now()::timestamp + interval 2 day or not coalesce(quantity > 0 and isfinite(quantity), false)
            or not coalesce(isfinite(price), true) or not coalesce(isfinite(revenue), true)
        having count(*) > 0 union all
        select count(*) from stg_interactions group by user_id, item_id, event_at, event_type having count(*) > 1
    """,
    "users are unique": "select user_id from stg_users group by all having count(*) > 1 or user_id is null",
    "items are unique": "select item_id from stg_items group by all having count(*) > 1 or item_id is null",
    "every event of the input is there, or was left out for its quantity": """
        with given as (
            select distinct user_id::varchar, item_id::varchar, event_at::timestamp, event_type::varchar
            from main.fct_purchases
            qualify (not coalesce(abs(quantity::double) <= 1e30, false)) or quantity > 0
                or coalesce(
                    max(if(abs(quantity::double) <= 1e30, quantity, null)) over (partition by event_type) <= 0
                    and quantity = 0, false
                )
        )
        select 1 where (select count(*) from given) != (select count(*) from stg_interactions)
    """,
    "revenue is that of the priced lines": """
        with given as (
            select sum(price::double * q) as revenue
            from (
                select price, if(max(q0) over (partition by event_type) > 0, coalesce(q0, 1), 1) as q
                from (
                    select *, if(abs(quantity::double) <= 1e30, quantity::double, null) as q0 from main.fct_purchases
                )
                qualify coalesce(q0, 1) > 0
                    or (q0 = 0 and not coalesce(max(q0) over (partition by event_type) > 0, false))
            )
            where abs(price::double) <= 1e30
        ),
        found as (select coalesce(sum(revenue), 0) as revenue from stg_interactions)
        select 1 from given, found
        where abs(coalesce(given.revenue, 0) - found.revenue) > 1e-6 * (1 + abs(found.revenue))
    """,
    "reviews are whole": """
        select 1 from stg_reviews
        where user_id is null or item_id is null or not isfinite(review_at) or isnan(rating)
    """,
    "reviews count what was written before": """
        select 1 from item_reviews
        where review_count > (select count(*) from stg_reviews where stg_reviews.item_id = item_reviews.item_id)
            or not coalesce(isfinite(review_rating), true)
    """,
    "features are finite": """
        select 1 from user_features
        where not coalesce(isfinite(spend), true) or not coalesce(isfinite(mean_price), true)
        union all
        select 1 from item_features
        where not coalesce(isfinite(mean_price), true) or not isfinite(new_user_log_share)
    """,
    "pairs were in baskets": """
        select 1 from bought_together
        where lift < 0.999999 or support < 0 or confidence <= 0 or confidence > 1 or item_id = bought_item_id
            or support > (
                select count(*) from (
                    select distinct user_id, event_at::date from interaction_splits
                    where interaction_splits.item_id = bought_together.item_id
                )
            )
    """,
    "what is due again was bought again": """
        select 1 from repeat_purchases
        where purchases < 2 or interval_days < .5 or not isfinite(days_since_last)
            or purchases > (
                select count(*) from interaction_splits as s
                where s.user_id = repeat_purchases.user_id and s.item_id = repeat_purchases.item_id
            )
    """,
    "popular items have users": """
        select 1 from popular_items where users < 1 union all select 1 from trending_items where score <= 0
    """,
    "shares are shares, and the users of a variant were exposed to it alone": """
        select 1 from experiment_results
        where not isfinite(mean) or not coalesce(isfinite(difference), true) or not sample_ratio_p_value between 0 and 1
            or metric = 'conversion' and not mean between 0 and 1
            or n_users > (
                select count(distinct user_id) from main.mails where mails.variant::varchar = experiment_results.variant
            )
    """,
    "a conversion is an outcome after the exposure": """
        select 1 from experiment_metrics as m
        where conversion = 1 and not exists (
            from main.orders as o
            where o.user_id::varchar = m.user_id and o.occurred_at::timestamp >= date_trunc('day', m.exposed_at)
                and o.occurred_at::timestamp < m.exposed_at + interval 14 day
        )
    """,
    "rules are in force": """
        select 1 from active_rules inner join main.campaigns as c on active_rules.rule_id = c.rule_id::varchar
        where c.valid_until::timestamp < localtimestamp::timestamp - interval 1 hour
            or c.valid_from::timestamp > localtimestamp::timestamp + interval 1 hour
    """,
}  # fmt: skip
LISTS_OF = {"recommendations": "user_id", "recommendations_by_category": "user_id, category"}


def ranks(tables: dict[str, str]) -> dict[str, str]:
    """The promise that ranks count from 1, for tables by their keys."""
    return {
        f"ranks of {table} count from 1": f"""
            select 1 from {table} group by {key}
            having min(rank) != 1 or max(rank) != count(*) or count(distinct rank) != count(*)
        """
        for table, key in tables.items()
    }


def broken_promises(connection: duckdb.DuckDBPyConnection, promises: dict[str, str]) -> list[str]:
    """Names of the promises that the tables of a run break."""
    found = []
    for promise, query in promises.items():
        try:
            if connection.sql(f"select * from ({query}) limit 1").fetchall():
                found.append(promise)
        except duckdb.Error as error:
            if not re.search(r"Conversion Error|Could not convert|out of range", str(error)):
                found.append(f"{promise}: {error}")
    return found


def broken_lists(
    connection: duckdb.DuckDBPyConnection, variables: dict[str, Any], *, with_evaluation: bool
) -> list[str]:
    """Names of the promises about candidates, their order and lists that are broken."""
    for name, query in views(variables).items():
        connection.execute(f"create or replace temp table {name} as {query}")
    promises = list_promises(variables, with_evaluation=with_evaluation)
    return broken_promises(connection, promises | ranks(LISTS_OF))


def described(case: Case) -> str:
    """A case in one line a change, and its vars."""
    return "\n".join([*(f"{NAMES[change.name]}: {change}" for change in case.changes), str(case.variables)])
