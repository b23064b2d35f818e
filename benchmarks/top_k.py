"""Top-K in SQL against the bare kernel, FAISS IndexFlatIP on the same arrays, and against max_by in SQL.

    python benchmarks/top_k.py --users 50000 --items 20000 --dim 64 --k 10 --threads 2

Medians of paired runs, in seconds. The SQL statement reads two tables and writes one; FAISS has its arrays
ready. CPU seconds beside the clock, because a busy machine distorts it. max_by: a subsample, scaled up.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import faiss
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from jinja2 import Environment
from two_tower.python_udfs.plugin import register

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = npt.NDArray[np.float32]
MACROS = Path(__file__).parent.parent / "macros"
MAX_BY = """
    create or replace table pure_sql as
    select user_id, max_by(item_id, score, {k}) as items
    from (
        select user_id, item_id, array_inner_product(users.embedding, items.embedding) as score
        from (select * from users limit {users}) as users cross join items
    )
    group by user_id
"""


def top_k_sql(k: int, exclusions: bool) -> str:
    """The statement that the macro top_k_lists writes."""
    paths = [MACROS / "stable_hash.sql", *sorted(MACROS.glob("top_k_*.sql"))]
    text = "".join(path.read_text() for path in paths).replace("two_tower.", "")  # dbt's name of the package
    call = "{{ top_k_lists('users', 'items', k, 'exclusions' if exclusions else none) }}"
    template = Environment(autoescape=False).from_string(text + call)
    return "create or replace table lists as " + template.render(k=k, exclusions=exclusions)


def table(connection: duckdb.DuckDBPyConnection, name: str, vectors: Floats) -> None:
    """Store vectors [n, d] as a table of ids and embeddings."""
    ids = pa.array([f"{name[0]}{number}" for number in range(len(vectors))])
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    connection.register("arrow", pa.table({f"{name[:-1]}_id": ids, "embedding": embeddings}))
    connection.execute(f"create table {name} as select * from arrow")
    connection.unregister("arrow")


def measured(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of all CPUs."""
    clock, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - cpu


def bare(users: Floats, items: Floats, k: int) -> Floats:
    """FAISS on arrays: the scores [users, k], best first."""
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    scores: Floats = index.search(users, k)[0]
    return scores


def check_same(connection: duckdb.DuckDBPyConnection, users: Floats, items: Floats, k: int) -> None:
    """Exits unless the items that SQL finds have the scores of those that FAISS finds, rank by rank."""
    connection.execute(top_k_sql(k, exclusions=False))
    found = connection.execute(
        "select cast(user_id[2:] as int) as user, cast(item_id[2:] as int) as item from lists order by user, rank"
    ).fetchnumpy()
    scores = np.einsum("nd,nd->n", users[found["user"]], items[found["item"]])
    best = bare(users, items, min(k, len(items)))
    if len(scores) != best.size or not np.allclose(scores, best.ravel(), atol=1e-3):
        raise SystemExit("SQL and FAISS found different items: no comparison of times makes sense")


def arguments() -> argparse.Namespace:
    """Sizes from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"users": 50_000, "items": 20_000, "dim": 64, "k": 10, "threads": 2, "runs": 5}
    for name, default in (defaults | {"exclusions": 0, "max-by-users": 200}).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def main() -> None:
    """Print one table."""
    given = arguments()
    random = np.random.default_rng(0)
    users = random.standard_normal((given.users, given.dim), np.float32)
    items = random.standard_normal((given.items, given.dim), np.float32)
    faiss.omp_set_num_threads(given.threads)
    with TemporaryDirectory() as folder, duckdb.connect(f"{folder}/benchmark.duckdb") as connection:
        connection.execute(f"set threads = {given.threads}")
        register(connection)
        table(connection, "users", users)
        table(connection, "items", items)
        connection.execute(
            "create table exclusions as "
            "select distinct user_id, 'i' || (hash(user_id, place) % ?) as item_id "
            "from users cross join range(?) as places (place)",
            [given.items, given.exclusions],
        )
        sql = top_k_sql(given.k, given.exclusions > 0)
        check_same(connection, users, items, given.k)  # warms up, too
        pairs = []
        for _ in range(given.runs):
            pairs.append((measured(lambda: bare(users, items, given.k)), measured(lambda: connection.execute(sql))))
        pure, _ = measured(lambda: connection.execute(MAX_BY.format(k=given.k, users=given.max_by_users)))
    report(given, pairs, pure * given.users / given.max_by_users)


def report(given: argparse.Namespace, pairs: list[tuple[tuple[float, float], ...]], pure: float) -> None:
    """Print medians and the median ratio of the pairs."""
    print(", ".join(f"{name} {value}" for name, value in vars(given).items()), f"- duckdb {duckdb.__version__}")
    for place, name in enumerate(("clock", "cpu")):
        kernel, sql = (statistics.median(pair[side][place] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(pair[1][place] / pair[0][place] for pair in pairs)
        print(f"{name:6} faiss IndexFlatIP {kernel:7.2f} s   SQL top_k {sql:7.2f} s   ratio {ratio:5.2f}")
    print(f"clock  SQL max_by, scaled up {pure:7.1f} s")


if __name__ == "__main__":
    main()
