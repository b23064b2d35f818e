"""Learning from some of the users: the same ones in all tables, about as many as asked for."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from two_tower.training.factorization.item_weights import item_weights
from two_tower.training.inputs.sample import sample_of_users, share_of_users
from two_tower.training.runs import INPUTS, of_stage

USERS = 4000


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"create table people as select 'u' || range as user_id from range({USERS})")
        yield connection


def users_of(relation: duckdb.DuckDBPyRelation) -> set[str]:
    return {user for (user,) in relation.select("user_id").fetchall()}


def test_a_sample_has_about_as_many_and_holds_the_smaller_ones(connection: duckdb.DuckDBPyConnection) -> None:
    people = connection.table("people")
    samples = [users_of(sample_of_users(people, share_of_users(people, most))) for most in (500, 2000)]
    assert 440 < len(samples[0]) < 560
    assert 1880 < len(samples[1]) < 2120
    assert samples[0] < samples[1]


@pytest.mark.parametrize("most", [0, USERS, 10 * USERS])
def test_all_users_are_a_sample_where_there_are_no_more(connection: duckdb.DuckDBPyConnection, most: int) -> None:
    people = connection.table("people")
    assert share_of_users(people, most) == 1.0
    assert len(users_of(sample_of_users(people, share_of_users(people, most)))) == USERS


def test_a_run_reads_the_same_users_everywhere_and_all_items(connection: duckdb.DuckDBPyConnection) -> None:
    each = "cross join (values ('evaluation', 0), ('evaluation', 1), ('evaluation', 2)) as t(stage, cutoff)"
    connection.execute(f"create table user_inputs as select * from people {each}")
    connection.execute(
        f"create table cutoff_targets as select *, 'i' as item_id, false as is_repeat from people {each}"
    )
    connection.execute("create table user_histories as from cutoff_targets")
    connection.execute(
        "create table item_inputs as select 'i' || range as item_id, 'evaluation' as stage from range(70)"
    )
    connection.execute("create table feature_vocabulary as select 'item.item_id' as feature, 'evaluation' as stage")
    read = of_stage({name: connection.table(name) for name in INPUTS}, "evaluation", 0, most_users=500)
    known = users_of(read["user_inputs"])
    assert 440 < len(known) < 560
    assert users_of(read["cutoff_targets"]) == users_of(read["user_histories"]) == known
    assert len(read["item_inputs"].fetchall()) == 70


def test_weights_of_items_come_from_the_sample(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        create table histories as
        select 1 as cutoff, user_id, unnest(['a', 'b']) as item_id, 1 as position, 1::double as recency_weight
        from people
    """)
    connection.execute("update histories set item_id = 'c' where item_id = 'b' and md5(user_id) >= '2'")
    connection.execute("create table stages as select 'evaluation' as stage, 1 as cutoff")
    found = item_weights(connection.table("histories"), connection.table("stages"), 100, most=500)
    assert set(found["item_id"].to_pylist()) == {"a", "b"}
