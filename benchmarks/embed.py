"""What `embed` in SQL costs beside onnxruntime alone on the same arrays and batches.

    python benchmarks/embed.py [DATABASE] [--models FOLDER]

DATABASE: of a shop after `dbt build`, `make demo`'s by default; FOLDER: its var two_tower_model_dir, by default
`artifacts` beside it. onnxruntime has its batches ready as arrays and runs
them on as many threads; the statement reads a table and makes the batches. Casting the embeddings to
FLOAT[d] and writing them into a table is DuckDB's and stands beside it.
"""

from __future__ import annotations

import argparse
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from results import RESULTS, measured, paired, write_table
from two_tower.python_udfs.plugin import register
from two_tower.python_udfs.towers.embed import FILES, batches, bind, feed
from two_tower.python_udfs.towers.onnx_files import Model

THREADS, RUNS = 2, 5
CALL = 2048  # rows that DuckDB passes at once
SERVED = {
    "item": "select * from item_inputs order by stage, item_id",
    "user": "select inputs.*, cast(0 as float) as only_new from user_inputs as inputs order by stage, user_id",
}


def arrays(connection: duckdb.DuckDBPyConnection, model: Model) -> list[dict[str, Any]]:
    """The batches that `embed` makes of the table `served`."""
    fed = []
    for batch in connection.sql("from served").to_arrow_reader(CALL):
        struct = batch.to_struct_array()
        tensors = bind(model, struct)
        fed += [feed(model, tensors, rows) for rows in batches(tensors, len(struct), THREADS)]
    return fed


def row(connection: duckdb.DuckDBPyConnection, models: Path, tower: str) -> dict[str, Any]:
    """One tower: its rows, and both ways in turn."""
    where = "stage = 'production' and cutoff = 0"
    connection.execute(f"create or replace table served as from ({SERVED[tower]}) where {where}")
    file, dim = connection.execute(
        f"select {tower}_model, dim from model_registry where stage = 'production'"
    ).fetchall()[0]
    path = str(models / file)
    model = FILES.open(path)
    fed = arrays(connection, model)
    embedding = f"cast(embed('{path}', served, '{tower}') as float[{dim}])"
    (rows,) = connection.execute("select count(*) from served").fetchall()[0]
    with ThreadPoolExecutor(THREADS) as pool:
        pair = paired(
            lambda: connection.execute(f"select count(embed('{path}', served, '{tower}')) from served").fetchall(),
            lambda: list(pool.map(lambda inputs: model.session.run(None, inputs), fed)),
            RUNS,
        )
    table = "create or replace table embeddings as "
    whole, _ = measured(lambda: connection.execute(f"{table} select {tower}_id, {embedding} as embedding from served"))
    connection.execute("alter table embeddings rename to done")
    written, _ = measured(lambda: connection.execute(f"{table} from done"))
    connection.execute("drop table done")
    size = {"tower": tower, "rows": rows, "batches": len(fed)}
    return size | pair | {"with_table": whole, "table_alone": written}


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path, nargs="?", default=Path("two_tower.duckdb"))
    parser.add_argument("--models", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    models = given.models or given.database.absolute().parent / "artifacts"
    with TemporaryDirectory() as folder:
        copy = shutil.copy(given.database, folder)
        with duckdb.connect(copy) as connection:
            connection.execute(f"set threads = {THREADS}; set preserve_insertion_order = false")
            register(connection)
            rows = [row(connection, models, tower) for tower in SERVED]
    words = f"{THREADS} threads, medians of {RUNS} paired runs. ratio: of the statement's seconds to onnxruntime's."
    write_table("embed", "Embedding in SQL against onnxruntime alone", rows, words, folder=given.out)


if __name__ == "__main__":
    main()
