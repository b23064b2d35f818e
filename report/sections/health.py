"""Is all well? As of when, for whom, and whether the gates passed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..blocks import Block, Figures, Note, Section, table
from ..warehouse import Warehouse

AS_OF = "select max(as_of) from stages where stage = 'production'"
TRAINED = "select max(trained_at) from model_registry where stage = 'production'"
USERS = "select count(*) from user_segments"
LISTED = "select count(*) from recommendations where rank = 1"
WINDOW = """select date_diff('day', max(as_of) filter (where stage = 'evaluation'),
    max(as_of) filter (where stage = 'production')) from stages"""


def section(warehouse: Warehouse) -> Section:
    """The first section, with the sentence that sums the page up."""
    blocks: list[Block] = [
        sentence(warehouse),
        *checks(warehouse),
        Figures(facts(warehouse)),
        table(warehouse, "health/lists", "For whom there are lists"),
        gates(warehouse),
        table(
            warehouse,
            "health/drift",
            "Drift",
            "How far the inputs are from those of the published lists. The first 30.",
            "Drift: there are no published lists to compare the inputs with.",
        ),
        table(
            warehouse,
            "health/rejected",
            "Rows that are left out",
            "Rules, exclusions and other rows of which nothing is made. The first 30.",
            "Every row of the rules and the other optional inputs is followed.",
        ),
    ]
    return Section("health", "Is all well?", blocks)


def sentence(warehouse: Warehouse) -> Note:
    """How good the lists are, in one sentence for everybody."""
    taken = {row["Model"]: row["Taken of the list"] for row in warehouse.records("quality/bought")}
    if "two_tower" not in taken:
        return Note("How good the lists are has not been measured: there is no evaluation in this database.", "sum")
    days = warehouse.value(WINDOW)
    span = f"within {weeks(days)}" if days else "of what was held back"
    rival = f"; the popular list would have {taken['popularity']:.2g}" if "popularity" in taken else ""
    number = count(warehouse.measured_length)
    return Note(
        f"Of {number} products shown to a customer who buys, {taken['two_tower']:.2g} are bought {span}{rival}.", "sum"
    )


def weeks(days: int) -> str:
    """A number of days in words, as weeks where it is one."""
    number, unit = (days // 7, "week") if days % 7 == 0 else (days, "day")
    return f"{count(number)} {unit}{'s' if number != 1 else ''}"


def count(number: int) -> str:
    """A number as text has it: in words up to twelve."""
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return words[number] if number < len(words) else f"{number:,}"


def checks(warehouse: Warehouse) -> Iterator[Note]:
    """What is well and what somebody should look at."""
    failed = warehouse.value("select count(*) filter (where not is_passed) from gates")
    if failed:
        yield Note(f"{failed} of the gates failed. The table below says which.", "look")
    elif failed == 0:
        yield Note("Every gate passed: the lists are good enough to be shown.", "good")
    drifted = warehouse.value("select count(*) filter (where is_failed) from drift_checks")
    if drifted:
        yield Note(f"{drifted} of the inputs drifted from those of the published lists.", "look")
    rejected = warehouse.value("select count(*) from rejected_rows")
    if rejected:
        yield Note(f"Rows of the inputs that are left out: {rejected:,}. A table below says why.", "look")
    users, listed = warehouse.value(USERS), warehouse.value(LISTED)
    if users is not None and users > listed:
        yield Note(f"{users - listed:,} of {users:,} users have no list.", "look")
    else:
        yield Note(f"All {listed:,} users have a list.", "good")
    if warehouse.value("select count(*) from active_rules"):
        idle = [row["Rule"] for row in warehouse.records("rules/effects") if row["Effect"] == "no effect"]
        if idle:
            yield Note(f"Rules without effect: {', '.join(idle[:5])}.", "look")
        else:
            yield Note("Every rule has an effect.", "good")
    if warehouse.value("select count(*) from experiment_results where has_sample_ratio_mismatch"):
        yield Note("An experiment has groups of the wrong sizes. Trust none of its differences.", "look")


def facts(warehouse: Warehouse) -> list[tuple[str, Any]]:
    """Moments and counts; None = not known."""
    facts = [("Events known up to", warehouse.value(AS_OF)), ("Trained", warehouse.value(TRAINED))]
    facts += [("Users", warehouse.value(USERS)), ("Users with a list", warehouse.value(LISTED))]
    return [(name, value) for name, value in facts if value is not None]


def gates(warehouse: Warehouse) -> Block:
    """Thresholds and what was measured."""
    note = "A value is the lower end of its interval where it has one. Headroom is what is left above the threshold."
    return table(warehouse, "health/gates", "Gates", note, "Gates: there are none.")
