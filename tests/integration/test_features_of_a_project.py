"""Features of a team's project with this one as a package: found, read, asked about with values of no table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from helpers.package_project import PackageProject
from two_tower.python_udfs.plugin import register

REFRESH = ("run", "--exclude", "tag:train")


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


def test_features_are_picked_up_from_the_relations(garden: PackageProject) -> None:
    columns = dict(garden.rows("select column_name, column_type from (describe main__recommender.stg_users)"))
    assert columns == {
        "user_id": "VARCHAR", "user_label": "VARCHAR",
        "garden": "VARCHAR", "postal_code": "VARCHAR", "signed_up": "DOUBLE", "select": "VARCHAR",
    }  # fmt: skip
    columns = dict(garden.rows("select column_name, column_type from (describe main__recommender.stg_items)"))
    assert columns == {
        "item_id": "VARCHAR", "item_label": "VARCHAR", "item_value": "DOUBLE",
        "group": "VARCHAR", "unit_price": "DOUBLE", "order": "DOUBLE", "own_users": "DOUBLE",
        "description": "VARCHAR", "mean_stars": "DOUBLE", "number_of_reviews": "DOUBLE",
    }  # fmt: skip


def test_texts_reach_the_tower_as_the_codes_that_the_function_gives(garden: PackageProject) -> None:
    with duckdb.connect() as connection:
        register(connection)
        connection.execute(f"attach '{garden.database}' as shop (read_only)")
        wrong, described = connection.execute(
            """
            select
                count(*) filter (where description is distinct from text_buckets(items.text, 16384)),
                count(items.text)
            from shop.main__recommender.item_inputs as inputs
            semi join shop.main__recommender.stages using (stage, cutoff)
            left join (select item_id, description as text from shop.main__recommender.stg_items) as items
                using (item_id)
            """
        ).fetchall()[0]
    assert wrong == 0
    assert described > 0


def test_what_does_not_age_stands_in_served_rows_alone(garden: PackageProject) -> None:
    served, older = (
        garden.rows(
            "select count(*) > 0, count(description) > 0, count(unit_price) > 0, count(users) = count(*) "
            f"from main__recommender.item_inputs as inputs {kind} join main__recommender.stages as stages "
            "on inputs.stage = stages.vocabulary and inputs.cutoff = stages.cutoff"
        )
        for kind in ("semi", "anti")
    )
    assert served == [(True, True, True, True)]
    assert older == [(True, False, False, True)]


def test_rare_items_have_no_code_yet_at_the_cutoffs_when_they_were_rare(garden: PackageProject) -> None:
    """Or that an item has one would tell the validation window that it is about to be had."""
    schema, coded = "main__recommender", "features.interactions >= 3"
    items = garden.rows(
        f"select (inputs.item_index > 0) = ({coded}), inputs.item_index = 0 and codes.code > 0, count(*) "
        f"from {schema}.item_inputs as inputs join {schema}.item_features as features using (cutoff, item_id) "
        f"left join {schema}.feature_vocabulary as codes on codes.stage = inputs.stage "
        "and codes.feature = 'item.item_id' and codes.value = inputs.item_id group by all"
    )
    assert {as_it_was for as_it_was, _, _ in items} == {True}
    assert True in {later for _, later, _ in items}, "no item of this shop was rare before it had a code"
    histories = garden.rows(
        f"select distinct {coded} "
        f"from (select stage, cutoff, unnest(history_items) as code from {schema}.user_inputs) as histories "
        f"join {schema}.feature_vocabulary as codes on codes.stage = histories.stage "
        "and codes.feature = 'item.item_id' and codes.code = histories.code "
        f"join {schema}.item_features as features on features.cutoff = histories.cutoff "
        "and features.item_id = codes.value"
    )
    assert histories == [(True,)]


def test_a_value_that_a_list_holds_twice_counts_once(shop: PackageProject) -> None:
    shop.change("alter table raw.products add column labels varchar[] default ['sale', 'sale', 'new']")
    shop.dbt("run", "--select", "+item_inputs").must_pass()
    assert shop.rows("select distinct len(labels) from main__recommender.item_inputs where labels is not null") == [
        (2,)
    ]


def inline(shop: PackageProject, query: str) -> list[dict[str, Any]]:
    """Rows of an inline query, which is the root project's and does not see the package's defaults of vars."""
    shown = shop.dbt_command("show", "--inline", query, "--output", "json").must_pass()
    rows: list[dict[str, Any]] = json.loads(shown.output[shown.output.index("{") :])["show"]
    return rows


def test_what_if_reads_a_text_as_the_tables_do(shop: PackageProject) -> None:
    # a price beyond what a float holds is none
    shop.change(
        'insert into raw.products ("SKU", "Description", "Unit Price") values (9001, \'Für Garten 1: neu\', 1e39)'
    )
    shop.dbt(*REFRESH).must_pass()
    rows = inline(shop, "{{ two_tower.what_if_item({'description': 'Für Garten 1: neu'}, 3) }}")
    (expected,) = shop.rows(
        "select embedding from main__recommender.item_embeddings where item_id = '9001' and stage = 'production'"
    )
    assert json.loads(rows[0]["embedding"]) == pytest.approx(list(expected[0]), abs=1e-5)


def test_what_if_reads_a_date_as_the_tables_do(shop: PackageProject) -> None:
    ((days,),) = shop.rows("select date_diff('day', date '0000-01-01', date '2025-03-02')")
    for given, read in (
        ("'2025-03-02'", days),
        (str(days), days),
        ("'2025-03-02 12:00'", days + 0.5),
        ("'soon'", None),
    ):
        inputs = f"two_tower.what_if_inputs('user', {{'signed_up': {given}}}, {{}})"
        assert inline(shop, f"with {{{{ {inputs} }}}} one as (select 1) select signed_up from inputs") == [
            {"signed_up": read}
        ]


@pytest.mark.parametrize(
    ("encoding", "data_type", "names"),
    [
        ("category", "BIGINT", ["id", "brand_id", "Brand Id", "brandID", "zipcode", "productCode", "PRODUCT_CODE"]),
        ("category", "DECIMAL(18,0)", ["brand_id"]),
        ("number", "BIGINT", ["paid", "codes", "quantity"]),
        ("number", "DECIMAL(18,2)", ["brand_id"]),
    ],
)
def test_whole_numbers_that_are_keys_by_name_are_categories(
    shop: PackageProject, encoding: str, data_type: str, names: list[str]
) -> None:
    calls = [f"'{{{{ two_tower.encoding_of_type('{data_type}', '{name}') }}}}' as \"{name}\"" for name in names]
    assert inline(shop, f"select {', '.join(calls)}") == [dict.fromkeys(names, encoding)]


def test_names_without_a_latin_letter_stay_apart(shop: PackageProject) -> None:
    query = "select '{{ two_tower.feature_name('цвет') }}' as a, '{{ two_tower.feature_name('цена 2') }}' as b"
    ((names),) = inline(shop, query)
    assert names["a"] != names["b"]
    assert all(re.fullmatch("own_[a-z0-9_]+", name) for name in names.values()), names


def test_names_that_would_hide_ours_are_told_apart(shop: PackageProject) -> None:
    taken = ["served", "Is Served", "inputs", "embedding"]
    calls = [f"'{{{{ two_tower.feature_name('{name}') }}}}' as \"{name}\"" for name in taken]
    relation = "api.Relation.create(database='{}', schema='shop', identifier='t')"
    for place, database in (("copied", "file"), ("kept", "shop")):
        calls.append(f"'{{{{ two_tower.unqualified({relation.format(database)}) }}}}' as {place}")
    ((names),) = inline(shop, f"select {', '.join(calls)}")
    assert [names[name] for name in taken] == ["own_served", "own_is_served", "own_inputs", "own_embedding"]
    # a schema named like the database cannot be told from it
    assert (names["copied"], names["kept"]) == ('"shop"."t"', '"shop"."shop"."t"')
