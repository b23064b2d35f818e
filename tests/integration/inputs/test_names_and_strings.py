"""Names and texts of a team are data: never SQL, Jinja or a path, and no feature because they are names."""

from __future__ import annotations

import re

import pytest
from helpers.dbt_runner import REPO, one_line
from helpers.every_input import NAMES, SHOP, UNTRAINED, Team, count, spoil

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
