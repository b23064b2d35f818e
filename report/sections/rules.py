"""What did the rules do? Each rule's places, and pins that are not shown."""

from __future__ import annotations

from ..blocks import Block, Note, Section, table
from ..warehouse import Warehouse

NONE = "No merchandising rule is in force."


def section(warehouse: Warehouse) -> Section:
    """Rules, pins, and what is withheld."""
    blocks: list[Block] = [Note(NONE)]
    if warehouse.value("select count(*) from active_rules"):
        note = "Place before: by the chance alone. Left the lists: listed without the rules. The first 50."
        blocks = [
            table(warehouse, "rules/effects", "Rules", note),
            table(warehouse, "rules/pins", "Pins that are not shown", empty="Every pin is shown to all it is for."),
        ]
    withheld = table(warehouse, "rules/withheld", "What is withheld", empty="No item is withheld from a segment.")
    return Section("rules", "What did the rules do?", [*blocks, withheld])
