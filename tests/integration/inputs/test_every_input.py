"""What every declared input is looked at for, and told about, before anything is built."""

from __future__ import annotations

import re
from typing import Any

import pytest
from helpers.dbt_runner import REPO, one_line
from helpers.every_input import INPUTS, KEYS, NAMES, NEEDED, NUMBERS, READERS, SHOP, STRICT, TIMES, Team, spoil, where


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


def read_of(team: Team, columns: dict[str, str]) -> tuple[bool, str]:
    """Whether the readers of these inputs pass, and what they say; last that of outcomes, which reads the others."""
    outcome = team.read(*[name for name in columns if READERS[name] != "experiment_metrics"])
    said = one_line(outcome.output + outcome.errors)
    return outcome.passed, said + one_line(team.dbt("run", "--select", "experiment_metrics").output)


@pytest.mark.parametrize("columns", together(NEEDED))
def test_null_in_a_needed_column_is_named(team: Team, columns: dict[str, str]) -> None:
    spoilt = {name: spoil(name, {column: f"if(n % 4 = 0, null, {column})"}) for name, column in columns.items()}
    with team.holding(**spoilt):
        _, said = read_of(team, columns)
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
            passed, said = read_of(team, columns)
        for name, column in columns.items():
            if moment in ("'1970-01-01'", "'0001-01-01'"):
                assert f"{where(name, column)}" in said
                assert f"where \"{column}\" >= timestamp '1971-01-01'" in said
            elif name in STRICT:
                assert not passed
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
