"""Make the shop's raw tables in schema raw of a DuckDB file: seeded, small, with planted tastes and awkward names.

python make_shop.py garden_shop.duckdb [--days 240]
"""

from __future__ import annotations

import argparse
import uuid

import duckdb
import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-01")
TASTES = 4
PRODUCTS = 48


def customers(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """UUID keys; the garden tells the taste."""
    garden = rng.integers(0, TASTES, count)
    return pd.DataFrame(
        {
            "Customer Id": [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(count)],
            "garden": garden,
            "Postal Code": rng.integers(10_000, 10_020, count),
            "Signed Up": START - pd.to_timedelta(rng.integers(1, 900, count), unit="D"),
            "EMAIL": [f"someone{n}@example.com" for n in range(count)],
            "select": rng.choice(["yes", "no"], count),
        }
    )


def products() -> pd.DataFrame:
    """Integer keys; the group tells whom it is for."""
    number = np.arange(PRODUCTS)
    return pd.DataFrame(
        {
            "SKU": 7000 + number,
            "group": [f"group {n % TASTES}" for n in number],
            "Unit Price": (number % 7 + 1) * 1.5,
            "ORDER": number % 3,
            "users": number % 5,  # the name of a column of ours
            "Description": [f"Für Garten {n % TASTES}: Nr. {n}" if n % 5 else None for n in number],
        }
    )


def order_lines(rng: np.random.Generator, buyers: pd.DataFrame, days: int) -> pd.DataFrame:
    """Lines of orders, three quarters of them of the customer's taste; the last customers only look."""
    rows = []
    number = 0
    for customer, garden in buyers[["Customer Id", "garden"]].head(-5).itertuples(index=False):
        day = float(rng.integers(0, days - 10))
        while day < days:
            number += 1
            for _ in range(3):
                group = garden if rng.random() < 0.75 else rng.integers(0, TASTES)
                sku = 7000 + int(rng.beta(1, 2) * PRODUCTS / TASTES) * TASTES + int(group)
                rows.append((number, customer, sku, int(rng.integers(1, 4)), START + pd.Timedelta(days=day).round("s")))
            day += float(rng.gamma(2.0, 7.0))
    return pd.DataFrame(rows, columns=["Order No", "Customer Id", "sku", "QTY", "ordered"])


def reviews(rng: np.random.Generator) -> pd.DataFrame:
    """Stars for some products."""
    return pd.DataFrame({"sku": 7000 + rng.integers(0, PRODUCTS, 200), "stars": rng.integers(1, 6, 200)})


def make(database: str, days: int = 240, count: int = 120, seed: int = 0) -> None:
    """Write the five tables, in place of earlier ones."""
    rng = np.random.default_rng(seed)
    buyers, stock = customers(rng, count), products()
    lines = order_lines(rng, buyers, days)
    stars = reviews(rng)
    orders = lines[["Order No", "Customer Id", "ordered"]].drop_duplicates()
    with duckdb.connect(database) as connection:
        for name, frame in {"b": buyers, "s": stock, "l": lines, "o": orders, "r": stars}.items():
            connection.register(name, frame)
        connection.execute(
            """
            create schema if not exists raw;
            create or replace table raw.customers as
                select * replace ("Customer Id"::uuid as "Customer Id", "Signed Up"::date as "Signed Up",
                    'garden ' || garden as garden) from b;
            create or replace table raw.products as select * from s;
            create or replace table raw.orders as
                select "Order No", "Customer Id"::uuid as "Customer Id", ordered as "order" from o;
            create or replace table raw.order_lines as select "Order No", sku, "QTY" from l;
            create or replace table raw.product_reviews as select * from r;
            """
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--days", type=int, default=240)
    arguments = parser.parse_args()
    make(arguments.database, arguments.days)
