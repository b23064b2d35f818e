"""Tables of small catalogues, and the statement of top_k_lists over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

MACROS = Path(__file__).parents[2] / "macros"
BLOCK_SIZE = "greatest(count(*), 16384)"


def top_k_query(more: str = "", var: str = "exact", block_size: int = 3) -> str:
    """The macro's statement, with small blocks of users, so that small data makes several; k is left open."""
    texts = [
        path.read_text() for path in MACROS.rglob("*.sql") if not path.stem.startswith(("materialization", "setting"))
    ]
    call = "{{ top_k_lists('users', 'items', '{k}', 'exclusions'" + more + ") }}"
    environment = Environment(autoescape=False, extensions=["jinja2.ext.do"])
    template = environment.from_string("".join([*texts, call]).replace("two_tower.", ""))
    query = template.render(setting=lambda _: var)
    assert BLOCK_SIZE in query
    query = query.replace(BLOCK_SIZE, f"{block_size} + 0 * count(*)")
    return f"select user_id, item_id, score from ({query}) order by user_id, rank"


TOP_K = top_k_query()


def fill(
    connection: duckdb.DuckDBPyConnection,
    users: list[Any],
    items: list[Any],
    exclusions: Iterable[tuple[int, int]] = (),
) -> None:
    dim = len((users or items or [[0]])[0])
    vectors = pa.list_(pa.float32(), dim)
    for name, prefix, rows in (("users", "user", users), ("items", "item", items)):
        ids = pa.array([f"{prefix[0]}{i}" for i in range(len(rows))], pa.string())
        arrow = pa.table({f"{prefix}_id": ids, "embedding": pa.array(rows, vectors)})
        connection.register("arrow", arrow)
        connection.execute(f"create or replace table {name} as select * from arrow")
        connection.unregister("arrow")
    connection.execute("create or replace table exclusions (user_id varchar, item_id varchar)")
    for user, item in exclusions:
        connection.execute("insert into exclusions values (?, ?)", [f"u{user}", f"i{item}"])


def lists(connection: duckdb.DuckDBPyConnection, k: int, query: str = TOP_K) -> list[Any]:
    return connection.execute(query.format(k=k)).fetchall()
