"""A person who was deleted in the source is in no file after `forget`, a refresh and a rewritten warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from helpers.package_project import PackageProject

REFRESH = ("run", "--exclude", "tag:train")
OF_USER = """
    select "Customer Id"::varchar from raw.order_lines inner join raw.orders using ("Order No")
    group by all having count(*) > 20 order by all limit 1
"""


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    artifacts, kept = garden.folder / "artifacts", garden.folder / "kept"
    shutil.copytree(artifacts, kept)
    with garden.restored():
        yield garden
    shutil.rmtree(artifacts)
    kept.rename(artifacts)


def tables_with(database: Path, value: str) -> list[str]:
    """Tables of a file in any column of which a value stands, also inside of a list."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return [
            table
            for schema, table in tables
            if connection.execute(
                f"select count(*) from {schema}.{table} as rows where contains(rows::varchar, ?)", [value]
            ).fetchall()
            != [(0,)]
        ]


def files_with(folder: Path, value: str) -> list[str]:
    """Files of the warehouse, its published sets and its models that have a value in their bytes, or in a table."""
    paths = [path for path in folder.glob("*.duckdb*") if path.is_file()]
    paths += [path for name in ("artifacts", "published.duckdb.sets") for path in (folder / name).rglob("*.*")]
    found = {path.name for path in paths if path.is_file() and value.encode() in path.read_bytes()}
    return sorted(found | {path.name for path in paths if path.suffix == ".duckdb" and tables_with(path, value)})


def rewrite(database: Path) -> None:
    """The last step of the page: the warehouse's file without its free blocks."""
    new = database.with_name("new.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as old (read_only); attach '{new}' as new (storage_version 'v1.5.0')")
        connection.execute("copy from database old to new")
    new.replace(database)


def test_nothing_is_left_of_a_person_after_the_steps_of_the_page(shop: PackageProject) -> None:
    ((user,),) = shop.rows(OF_USER)
    shop.dbt("run", "--select", "two_tower,publication").must_pass()  # a second set in the archive
    assert files_with(shop.folder, user) == [
        "000001.duckdb", "000002.duckdb", "als.parquet", "ease.parquet", "garden_shop.duckdb", "item_knn.parquet",
        "published.duckdb",
    ]  # fmt: skip
    forget = ("run-operation", "two_tower.forget", "--args", f"{{user_id: {user}}}")
    assert "rows are still of" in shop.dbt(*forget).must_fail().errors
    shop.change(
        f"""delete from raw.order_lines where "Order No" in (
            select "Order No" from raw.orders where "Customer Id" = '{user}')""",
        f"""delete from raw.orders where "Customer Id" = '{user}'""",
        f"""delete from raw.customers where "Customer Id" = '{user}'""",
    )
    said = shop.dbt(*forget).must_pass().output
    assert "sets deleted: 000001" in said
    assert "recall_by_user (" in said
    assert "recommendations (10)" in said
    shop.dbt(*REFRESH).must_pass()
    rewrite(shop.database)
    assert tables_with(shop.published, user) == tables_with(shop.database, user) == []
    assert files_with(shop.folder, user) == []
    assert shop.published_rows("select previous_set_id from main__recommender.published_set") == [("000002",)]
    shop.dbt("run", "--select", "two_tower,publication").must_pass()  # and sets are kept again
    assert len(list((shop.folder / "published.duckdb.sets").glob("*.duckdb"))) == 2
