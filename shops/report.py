"""From the shops' results to one table in Markdown and one plot."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

MODELS = ["two_tower", "als", "als_usual", "ease", "item_knn", "own_most_bought", "popularity", "recent_popularity"]


def write_report(folder: Path) -> None:
    """Write README.md into the folder of the results, from all <shop>.csv that are there."""
    tables = [pd.read_csv(path) for path in sorted(folder.glob("*.csv"))]
    if not tables:
        return
    results = pd.concat(tables)
    lines = [
        "# Results",
        "",
        "Recall@10 on the test window, with 95 % intervals over users; written by `make shops`.",
        "",
    ]
    lines += table(results[results["slice"] == "all"])
    (folder / "README.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def table(results: pd.DataFrame) -> list[str]:
    """One row per shop and policy: recall of each model, lift of the towers over both ALS."""
    lines = [
        "| shop, policy | " + " | ".join(MODELS) + " | over als_usual | over als |",
        "|" + "---|" * (len(MODELS) + 3),
    ]
    for (shop, policy), rows in results.groupby(["shop", "policy"]):
        recalls = rows.groupby("model")[["recall", "recall_low", "recall_high"]].mean()
        cells = [f"{recalls.recall[model]:.4f}" if model in recalls.index else "" for model in MODELS]
        own = recalls.loc["two_tower"]
        cells[0] = f"**{own.recall:.4f}** ({own.recall_low:.4f} - {own.recall_high:.4f})"
        lifts = rows[rows.model == "two_tower"].groupby("baseline")[["lift", "lift_low", "lift_high"]].mean()
        for baseline in ("als_usual", "als"):
            found = lifts.reindex([baseline]).to_numpy()[0]
            cells.append("" if pd.isna(found[0]) else "{:+.1%} ({:+.1%} to {:+.1%})".format(*found))
        lines.append(f"| {shop}, {policy} | " + " | ".join(cells) + " |")
    return lines
