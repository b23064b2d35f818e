"""Random tables for every input: odd values of odd types in odd columns.

A run must give tables that keep every promise, which SQL of its own looks after here, or one error of ours.

A case is a list of changes to the shop of every_input.py, each of one column of one input, or of its rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb
from helpers.every_input import NAMES, SHOP, UNTRAINED, Team, known_inputs
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
]
INPUTS = known_inputs()
COLUMNS = [(name, column) for name, columns in INPUTS.items() for column in columns]
KEPT_LISTS = {
    "bought_together": "item_id",
    "repeat_purchases": "user_id",
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


@st.composite
def changes(draw: st.DrawFn) -> tuple[Change, ...]:
    """One to four changes."""
    return tuple(draw(st.lists(one_change(), min_size=1, max_size=4)))


@st.composite
def one_change(draw: st.DrawFn) -> Change:
    """A change of a column or of the rows."""
    form = draw(st.sampled_from(["value", "value", "value", "type", "rows", "new column"]))
    if form == "rows":
        rows = draw(
            st.sampled_from(
                [
                    "select * from {} limit 0",
                    "select * from {} limit 1",
                    "select * from {} union all select * from {}",
                    "select distinct on (1) * from {}",
                    "select * from {} where random() < .5",
                ]
            )
        )
        return Change(draw(st.sampled_from(list(INPUTS))), rows=rows.replace("{}", "{0}"))
    kind = draw(st.sampled_from(list(VALUES)))
    value = draw(st.sampled_from(["null", *VALUES[kind]]))
    every = draw(st.sampled_from([1, 2, 7, 50]))
    if form == "new column":
        return Change(draw(st.sampled_from(["users", "items"])), draw(st.sampled_from(NEW_COLUMNS)), kind, value, every)
    name, column = draw(st.sampled_from(COLUMNS))
    if form == "value":  # of the type that the column has
        kinds = {"key": "VARCHAR", "text": "VARCHAR", "time": "TIMESTAMP", "local time": "TIMESTAMP"}
        kind = kinds.get(INPUTS[name][column]["kind"], "DOUBLE")
        value = draw(st.sampled_from(["null", *VALUES[kind]]))
    return Change(name, column, kind, value, every)


@dataclass
class Verdict:
    """What came of a case: `outcome`, and in `faults` what must not be."""

    outcome: str
    faults: list[str] = field(default_factory=list)


def tables_of(case: tuple[Change, ...]) -> dict[str, str]:
    """The shop's tables with the changes; none that cannot be made at all."""
    tables: dict[str, str] = {}
    with duckdb.connect() as connection:
        for change in case:
            query = change.of(tables.get(change.name, SHOP[change.name]))
            try:
                connection.execute(f"create or replace table t as {query}")
            except duckdb.Error:
                continue
            tables[change.name] = query
    return tables


def judged(team: Team, case: tuple[Change, ...], *, with_lists: bool = False) -> Verdict:
    """Run a case and look at what it leaves."""
    models = ("--exclude", "tag:train") if with_lists else ("--select", *UNTRAINED, "active_rules")
    with team.holding(**tables_of(case)):
        outcome = team.dbt("run", *models)
        if not outcome.passed:
            faults = faults_of_errors(outcome.errors)
            return Verdict("error of ours" if not faults else "wrong error", faults)
        faults = broken_promises(team, with_lists=with_lists)
        warned = "var two_tower_" in outcome.output
        return Verdict("wrong tables" if faults else "tables, with a warning" if warned else "tables", faults)


def faults_of_errors(errors: str) -> list[str]:
    """What is wrong with the errors of a run: each must be ours, with a place and a remedy."""
    faults = [f"a traceback: {errors[-1500:]}"] if "Traceback" in errors else []
    parts = re.split(r"\n(?=Failure in |Encountered an error)", "\n" + errors)
    for part in parts:
        if not part.strip() or ("Failure in" not in part and "rror" not in part):
            continue
        ours = re.search(r"\w.*: .*\n?\s*Remedy: \w", part) or re.search(r"\b(embed|top_k|history_\w+): .*;", part)
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
LISTS: dict[str, str] = {
    "every user has a list without what may not be shown": """
        select 1 from recommendations inner join (
            select user_id::varchar as user_id, item_id::varchar as item_id from main.complaints
        ) as given using (user_id, item_id)
        union all
        select 1 from recommendations where item_id not in (
            select item_id::varchar from main.stock where item_id is not null
        )
        union all
        select 1 from recommendations group by user_id, item_id having count(*) > 1
        union all
        select 1 from (select distinct user_id from stg_interactions) anti join recommendations using (user_id)
        union all
        select 1 from recommendations where not isfinite(score) or rank not between 1 and 10
    """,
    "scores are chances, and a source is one of two": """
        select 1 from recommendations
        where not score between 0 and 1 or source not in ('history', 'popularity')
            or (source = 'history' and user_id not in (select user_id from stg_interactions))
        union all
        select 1 from ranked_candidates where not score between 0 and 1 or isnan(score)
    """,
    "lists by category hold at most k of the category": """
        select 1 from recommendations_by_category inner join item_categories using (item_id)
        where recommendations_by_category.category != item_categories.category or rank not between 1 and 10
        union all
        select 1 from recommendations_by_category group by user_id, item_id having count(*) > 1
    """,
}


def broken_promises(team: Team, *, with_lists: bool) -> list[str]:
    """Names of the promises that the tables of a run break."""
    ranks = {
        f"ranks of {table} count from 1": f"""
            select 1 from {table} group by {key}
            having min(rank) != 1 or max(rank) != count(*) or count(distinct rank) != count(*)
        """
        for table, key in {**KEPT_LISTS, **(LISTS_OF if with_lists else {})}.items()
    }
    found = []
    for promise, query in {**PROMISES, **ranks, **(LISTS if with_lists else {})}.items():
        try:
            if team.rows(f"select * from ({query}) limit 1"):
                found.append(promise)
        except duckdb.Error as error:
            if not re.search(r"Conversion Error|Could not convert|out of range", str(error)):
                found.append(f"{promise}: {error}")
    return found


def described(case: tuple[Change, ...]) -> str:
    """A case in one line a change."""
    return "\n".join(f"{NAMES[change.name]}: {change}" for change in case)
