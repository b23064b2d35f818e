"""How good? The lists against simpler methods, every list type, and whether chances are true."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from .. import charts
from ..blocks import Block, Note, Section, Table, table
from ..warehouse import Warehouse

POLICIES = {"allow_repeats": "everything counts", "unseen_only": "only what they never had counts"}
OURS = "These lists"
EVERYBODY = "Everybody, every item"


def section(warehouse: Warehouse) -> Section:
    """Recall, lists, calibration, what knobs cost, and the trend over runs."""
    blocks = [*models(warehouse), slices(warehouse), calibration(warehouse), lists(warehouse), trade_offs(warehouse)]
    blocks += history(warehouse)
    return Section("quality", "How good is it?", blocks)


def models(warehouse: Warehouse) -> list[Block]:
    """A table for each policy, and the strongest rival in words."""
    blocks: list[Block] = []
    pictures = (
        partial(charts.intervals, name="Method", value="Recall %", low="Low %", high="High %", ours=OURS),
        partial(charts.bars, name="Method", value="Coverage %", ours=OURS),
    )
    note = (
        "Recall: the share of what users took next that stood on their list. Coverage: the share of items on any list."
    )
    for policy in sorted(POLICIES, key=lambda policy: policy != warehouse.served_policy):
        title = f"Methods compared, {POLICIES[policy]}"
        block = table(warehouse, "quality/models", title, note, pictures=pictures, shown_policy=policy)
        if isinstance(block, Table):
            blocks.append(rival(warehouse, block, policy))
        blocks.append(block)
    return blocks[:1] if all(isinstance(block, Note) for block in blocks) else blocks


def rival(warehouse: Warehouse, block: Table, policy: str) -> Note:
    """The best of the other methods beside ours, by the interval of their paired difference."""
    others = [row for row in block.answer.records if row["Method id"] not in ("two_tower", "towers")]
    best = max(others, key=lambda row: row["Recall %"], default=None)
    compared = best and warehouse.records("quality/rival", shown_policy=policy, rival=best["Method id"])
    if not best or not compared:
        return Note(f"Where {POLICIES[policy]}, there is nothing to compare with.")
    low, high = compared[0]["Low"], compared[0]["High"]
    word, state = ("better than", "good") if low > 0 else ("worse than", "look") if high < 0 else ("level with", "")
    interval = f"{low:+.1f} to {high:+.1f} %"
    return Note(
        f"Where {POLICIES[policy]}, these lists are {word} the strongest other method, {best['Method']} ({interval}).",
        state,
    )


def slices(warehouse: Warehouse) -> Block:
    """Whom and what the lists serve well and less well."""
    picture = partial(
        charts.intervals, name="Of whom, of what", value="Recall %", low="Low %", high="High %", ours=EVERYBODY
    )
    return table(warehouse, "quality/slices", "For whom, and for which items", pictures=(picture,))


def lists(warehouse: Warehouse) -> Block:
    """Every list type against its baseline."""
    note = "Each list does its task on what happened later. Level: the interval holds the value of the simpler list."
    return table(warehouse, "quality/lists", "Every kind of list", note)


def calibration(warehouse: Warehouse) -> Block:
    """Whether an item with a chance of a third is taken in a third of the cases."""
    picture = partial(charts.against_diagonal, x="Said %", y="Happened %")
    note = "The nearer to the broken line, the truer the chances."
    return table(warehouse, "quality/calibration", "Are the chances true?", note, pictures=(picture,))


def trade_offs(warehouse: Warehouse) -> Block:
    """What each setting of a knob would do to the lists."""
    picture = partial(charts.intervals, name="Setting", value="Recall %", low="Low %", high="High %", ours="")
    note = "One knob is moved at a time, from 0 on. Expected value is in median items."
    return table(warehouse, "quality/trade_offs", "What value, variety and new items cost", note, pictures=(picture,))


def history(warehouse: Warehouse) -> list[Block]:
    """The last published runs, newest first, and the newest beside that of a month ago in words."""
    runs = [row for row in warehouse.records("quality/history") if row["Recall %"] is not None]
    pictures = (partial(trend, runs),) if len(runs) > 1 else ()
    note = "The last 60 published runs. Least headroom: that of the gate nearest to its threshold."
    empty = "Is it getting worse? No run has been published yet."
    block = table(warehouse, "quality/history", "Is it getting worse?", note, empty, pictures)
    if len(runs) < 2:
        return [block]
    newest = runs[0]
    month = newest["Published"] - timedelta(days=28)
    former = next((row for row in runs if row["Published"] <= month), runs[-1])
    found = f"The newest lists find {newest['Recall %']:.1f} % of what users take next"
    return [Note(f"{found}; those of {former['Published']:%-d %B %Y} found {former['Recall %']:.1f} %."), block]


def trend(runs: charts.Rows, _: charts.Rows) -> charts.Picture:
    """Recall over the runs that measured it, oldest first."""
    return charts.line(runs[::-1], "Published", "Recall %", time=True)
