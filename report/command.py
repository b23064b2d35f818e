"""Command `two-tower report`: writes the page."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

import duckdb

from .page import page, write
from .warehouse import ReportError, Warehouse, opened


def main(given: list[str] | None = None) -> None:
    """Parse the arguments, read the database, write the page, print where it lies. Exits with a message on an error."""
    parser = argparse.ArgumentParser(
        prog="two-tower report", description="Write one HTML page about the recommender, from the tables of dbt."
    )
    parser.add_argument("--database", type=Path, default=Path("two_tower.duckdb"), help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("report.html"), help="the page (default: %(default)s)")
    parser.add_argument("--schema", help="schema of the table recommendations, where several have one")
    parser.add_argument(
        "--item-label",
        metavar="COLUMN",
        help="column with the names of items (default: var two_tower_item_label, or by its own name)",
    )
    parser.add_argument(
        "--user-label",
        metavar="COLUMN",
        help="column with the names of users (default: var two_tower_user_label, or by its own name)",
    )
    parser.add_argument("--item", metavar="ID", action="append", default=[], help="show this item, too; repeatable")
    parser.add_argument("--user", metavar="ID", action="append", default=[], help="show this user, too; repeatable")
    parser.add_argument("--item-picture", default="", metavar="COLUMN", help="column of the items with pictures")
    parser.add_argument(
        "--pictures-root", default=".", metavar="FOLDER", help="folder of pictures that are given by path (default: .)"
    )
    parser.add_argument("--title", default="Recommendations", help="(default: %(default)s)")
    chosen = parser.parse_args(given)
    labels = {"item": chosen.item_label, "user": chosen.user_label}
    try:
        with opened(chosen.database, chosen.schema) as connection:
            warehouse = Warehouse(
                connection, {kind: name for kind, name in labels.items() if name}, chosen.item, chosen.user,
                chosen.item_picture, chosen.pictures_root,
            )  # fmt: skip
            made = page(warehouse, chosen.title, datetime.now())
    except duckdb.BinderException as error:
        sys.exit(
            f"two-tower report: the tables are of another version of two_tower; `dbt build` makes them anew\n{error}"
        )
    except (ReportError, duckdb.Error) as error:
        sys.exit(f"two-tower report: {error}")
    print(f"The page: {write(chosen.out, made)}")
