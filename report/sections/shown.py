"""What is shown? Which items stand on lists, how often, and which never."""

from __future__ import annotations

from functools import partial

from .. import charts
from ..blocks import Block, Figures, Note, Section, table
from ..warehouse import Warehouse


def section(warehouse: Warehouse) -> Section:
    """Coverage, bands, and the items themselves."""
    shares = partial(charts.pairs, first="Places %", second="Recent sales %")
    curve = partial(charts.line, x="Items, most shown first", y="Places %")
    withheld = warehouse.has("unavailable_items")
    blocks: list[Block] = [
        overview(warehouse),
        table(warehouse, "shown/concentration", "How many items fill the places", pictures=(curve,)),
        table(warehouse, "shown/popularity_bands", "Popular and rare items",
              "Recent sales: buyers of the last window, summed over items.",
              pictures=(partial(shares, name="Items by popularity"),)),
        table(warehouse, "shown/price_bands", "Cheap and dear items",
              empty="Cheap and dear items: no item has a price.",
              pictures=(partial(shares, name="Items by mean price"),)),
        table(warehouse, "shown/categories", "Categories", "The 15 most shown.",
              pictures=(partial(shares, name="Category"),)),
        table(warehouse, "shown/segments", "Segments of users", "The 15 largest."),
        table(warehouse, "shown/most_shown", "Most shown", "The first 20."),
        table(warehouse, "shown/rising", "Rising", "Items with more buyers than before, the first 15."),
        table(warehouse, "shown/never_shown", "Bought, but never shown", "The 15 with most recent buyers.",
              "Every item that was bought lately is on some list.", withheld=withheld),
        table(warehouse, "shown/new_arrivals", "New arrivals", "First bought within 28 days; the 15 most shown.",
              "New arrivals: no item was first bought within 28 days."),
    ]  # fmt: skip
    return Section("shown", "What is shown?", blocks)


def overview(warehouse: Warehouse) -> Block:
    """Coverage in figures."""
    missing = warehouse.missing(warehouse.text("shown/overview"))
    if missing:
        return Note(f"Coverage: left out, since there is no table {missing[0]}.")
    answer = warehouse.answer("shown/overview")
    return Figures(list(zip(answer.columns, answer.rows[0], strict=True)), answer.query)
