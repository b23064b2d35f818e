"""Top-K in SQL against FAISS IndexFlatIP alone on the same arrays and threads, and against max_by in SQL.

    python benchmarks/top_k.py                          the sizes of CASES, to results/top_k.md
    python benchmarks/top_k.py --cases 6000,100000,64,50   one: users, items, dimensions, exclusions per user

The SQL statement reads tables and writes one; FAISS has its arrays ready and knows no exclusions. max_by is run on some
users and scaled up. Peak memory is that of a process which only opens the database and runs the statement.
Embeddings are normal noise: for exact search only their number matters.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from jinja2 import Environment
from results import measured, paired, write_table
from two_tower.python_udfs.plugin import register

Floats = npt.NDArray[np.float32]
MACROS = Path(__file__).parent.parent / "macros"
K, THREADS = 10, 2
CASES = [  # users, items, dimensions, exclusions per user, runs
    (50_000, 20_000, 64, 0, 5),
    (50_000, 20_000, 64, 50, 5),
    (6_000, 100_000, 64, 0, 5),
    (6_000, 100_000, 64, 50, 5),
    (500_000, 20_000, 64, 0, 1),
    (500_000, 20_000, 64, 50, 1),
    (50_000, 20_000, 384, 0, 1),
    (6_000, 100_000, 384, 50, 1),
]
MAX_BY_USERS = 200
MAX_BY = """
    create or replace table pure_sql as
    select user_id, max_by(item_id, score, {k}) as items
    from (
        select user_id, item_id, array_inner_product(users.embedding, items.embedding) as score
        from (select * from users limit {users}) as users cross join items
    )
    group by user_id
"""


def top_k_sql(k: int, exclusions: bool, search: str = "exact") -> str:
    """The statement that the macro top_k_lists writes."""
    texts = [
        path.read_text() for path in MACROS.rglob("*.sql") if not path.stem.startswith(("materialization", "setting"))
    ]
    text = "".join(texts).replace("two_tower.", "")  # dbt's name of the package
    call = "{{ top_k_lists('users', 'items', k, 'exclusions' if exclusions else none) }}"
    template = Environment(autoescape=False, extensions=["jinja2.ext.do"]).from_string(text + call)
    return "create or replace table lists as " + template.render(k=k, exclusions=exclusions, setting=lambda _: search)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A database with the SQL functions, as the profile sets it."""
    connection = duckdb.connect(str(path))
    connection.execute(f"set threads = {THREADS}; set memory_limit = '4GB'; set preserve_insertion_order = false")
    register(connection)
    return connection


def table(connection: duckdb.DuckDBPyConnection, name: str, vectors: Floats) -> None:
    """Store vectors [n, d] as a table of ids and embeddings."""
    ids = pa.array([f"{name[0]}{number}" for number in range(len(vectors))])
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    connection.register("arrow", pa.table({f"{name[:-1]}_id": ids, "embedding": embeddings}))
    connection.execute(f"create table {name} as select * from arrow")
    connection.unregister("arrow")


def exclude(connection: duckdb.DuckDBPyConnection, items: int, per_user: int) -> None:
    """Write the table of exclusions."""
    connection.execute(
        "create table exclusions as select distinct user_id, 'i' || (hash(user_id, place) % ?) as item_id "
        "from users cross join range(?) as places (place)",
        [items, per_user],
    )


def bare(users: Floats, items: Floats, k: int = K) -> Floats:
    """FAISS on arrays: the scores [users, k], best first."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    scores: Floats = index.search(users, k)[0]
    return scores


def check_same(connection: duckdb.DuckDBPyConnection, users: Floats, items: Floats) -> None:
    """Exits unless the items that SQL finds have the scores of those that FAISS finds, rank by rank."""
    connection.execute(top_k_sql(K, exclusions=False))
    found = connection.execute(
        "select cast(user_id[2:] as int) as user, cast(item_id[2:] as int) as item from lists where user < 1000 "
        "order by user, rank"
    ).fetchnumpy()
    scores = np.einsum("nd,nd->n", users[found["user"]], items[found["item"]])
    best = bare(users[:1000], items, min(K, len(items)))
    if len(scores) != best.size or not np.allclose(scores, best.ravel(), atol=1e-3):
        raise SystemExit("SQL and FAISS found different items: no comparison of times makes sense")


def peak_memory(path: Path, sql: str) -> float:
    """Gigabytes of a new process that runs the statement."""
    command = [sys.executable, __file__, "--statement", str(path), sql]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_statement(path: str, sql: str) -> None:
    """Run one statement and print the peak memory of this process; getrusage would count its parent's, too."""
    connect(Path(path)).execute(sql)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 2**20)


def case(users: int, items: int, dim: int, per_user: int, runs: int) -> dict[str, Any]:
    """One row of the table."""
    random = np.random.default_rng(0)
    seekers, offers = (random.standard_normal((n, dim), np.float32) for n in (users, items))
    sql = top_k_sql(K, per_user > 0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.duckdb"
        with connect(path) as connection:
            table(connection, "users", seekers)
            table(connection, "items", offers)
            exclude(connection, items, per_user)
            check_same(connection, seekers, offers)
            row = paired(lambda: connection.execute(sql), lambda: bare(seekers, offers), runs)
            some = min(MAX_BY_USERS, users)
            pure, _ = measured(lambda: connection.execute(MAX_BY.format(k=K, users=some)))
        memory = peak_memory(path, sql)
    size = {"users": users, "items": items, "dim": dim, "excluded": per_user, "runs": runs}
    times_faster = pure * users / some / row["seconds"]
    return size | row | {"max_by_over_ours": times_faster, "peak_gb": memory}


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", help="users,items,dimensions,exclusions[,runs]")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--statement", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.statement:
        run_statement(*given.statement)
        return
    chosen = [(*map(int, text.split(",")), 3)[:5] for text in given.cases or []]
    title = "Top-K in SQL against FAISS IndexFlatIP alone"
    words = f"k = {K}, {THREADS} threads. ratio: seconds of the statement over those of FAISS, without exclusions."
    rows = []
    for numbers in chosen or CASES:
        rows.append(case(*numbers))
        write_table("top_k", title, rows, words, folder=given.out)


if __name__ == "__main__":
    main()
