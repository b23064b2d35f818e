"""What looks wrong in a shop's tables but may be right gets a warning that says what is made of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.package_project import PackageProject

FEATURES = ("run", "--select", "+feature_vocabulary")


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


def test_returns_are_left_out(shop: PackageProject) -> None:
    kept = shop.rows("select count(*), min(quantity) from main__recommender.stg_interactions")
    shop.change('insert into raw.order_lines select "Order No" + 1, sku, -1 from raw.order_lines where rowid % 9 = 0')
    (returned,) = shop.rows('select count(*) from main.fct_order_lines where "QTY" < 0')[0]
    said = shop.dbt("run", "--select", "two_tower,stg_interactions").must_pass().output
    assert f"(fct_order_lines), column quantity: {returned} rows are below 0" in said
    assert shop.rows("select count(*), min(quantity) from main__recommender.stg_interactions") == kept


def test_a_column_of_names_is_not_read(shop: PackageProject) -> None:
    sources = shop.folder / "models" / "shop" / "_shop_sources.yml"
    read = sources.read_text().replace("config: {meta: {two_tower_encoding: ignore}}", "")
    sources.write_text(read)
    said = shop.dbt(*FEATURES).must_pass().output
    assert "(shop.customers), column email: hardly any of its values stands in two rows of users with a history" in said
    assert "column garden" not in said
    coded = shop.rows("select distinct feature from main__recommender.feature_vocabulary where feature like 'user.%'")
    assert ("user.email",) not in coded
    assert ("user.garden",) in coded


def test_keys_that_are_not_everywhere_are_named(shop: PackageProject) -> None:
    shop.change(
        'create or replace table raw.kept as select * from raw.products where "SKU" % 2 = 0',
        'create or replace view main.dim_products as select *, null::double as "Mean Stars" from raw.kept',
    )
    said = shop.dbt("run", "--select", "two_tower,+item_features", "--exclude", "dim_products").must_pass().output
    assert "column item_id: " in said
    assert "% of the interactions have no row there, such as '7001'" in said


def test_an_empty_validation_window_is_named(shop: PackageProject) -> None:
    newest = 'select max("order") from raw.orders'
    shop.change(
        f'delete from raw.orders where "order" between ({newest}) - interval 57 day and ({newest}) - interval 28 day'
    )
    said = (
        shop.dbt("run", "--select", "two_tower,stg_interactions", "two_tower,data_end", "two_tower,interaction_splits")
        .must_pass()
        .output
    )
    assert "(fct_order_lines): only 0 users fall in the validation window" in said
