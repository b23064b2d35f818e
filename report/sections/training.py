"""Training and experiments: losses, times, settings, and differences with intervals."""

from __future__ import annotations

from .. import charts
from ..blocks import Block, Section, table
from ..warehouse import Warehouse


def section(warehouse: Warehouse) -> Section:
    """Models, epochs, phases, settings, and experiments."""
    columns = warehouse.tables.get("training_epochs", {})
    recalls = sorted(name for name in columns if name.startswith("validation_recall"))
    blocks: list[Block] = [
        table(warehouse, "training/models", "Models", ranker=warehouse.has("ranker_registry")),
        table(warehouse, "training/epochs", "Epochs", pictures=(losses,), recalls=recalls or ["null"],
              empty="Epochs: no part was trained in epochs."),
        table(warehouse, "training/phases", "Time and memory", "Seconds of each phase; memory where the run noted it."),
        table(warehouse, "training/parameters", "Settings", "What differs between the two runs stands first."),
        table(warehouse, "training/experiments", "Experiments", "Differences from control with 95 % intervals.",
              "Experiments: none has results yet."),
    ]  # fmt: skip
    return Section("training", "Training and experiments", blocks)


def losses(rows: charts.Rows) -> charts.Picture:
    """Losses one after the other, phase by phase."""
    numbered = [
        {"Step": step, "Loss": row["Loss"], "Run": f"{row['Stage']}, {row['Phase']}"}
        for step, row in enumerate(rows, start=1)
        if row["Loss"] is not None
    ]
    scale = {"range": ["var(--accent)", "var(--muted)", "var(--soft)"]}
    encoding = {
        "x": charts.axis("Step", title="Epoch, one phase after the other", axis={"tickMinStep": 1}),
        "y": charts.axis("Loss", zero=False),
        "color": {"field": "Run", "legend": charts.LEGEND, "scale": scale},
    }
    mark = {"type": "line", "point": {"size": 70}, "strokeWidth": 2.5}
    description = f"Loss of {len(numbered)} epochs, phase by phase."
    return charts.drawn(numbered, description, [{"mark": mark, "encoding": encoding}])
