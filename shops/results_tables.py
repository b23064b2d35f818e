"""From the shops' results to tables in Markdown and one plot."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

OWN = ["two_tower", "towers", "tuned"]  # the lists, the towers alone, and the lists with settings that were searched
MODELS = [
    *OWN, "als", "als_usual", "ease", "item_knn", "sasrec", "own_most_bought", "popularity", "recent_popularity",
]  # fmt: skip
SLICES = ["warm_user", "cold_user", "warm_item", "cold_item"]
KEYS = ["shop", "policy"]
INTRODUCTION = (
    "Written by `shops/run.py` (`make shops`). Recall@10 is hits / min(10, items wanted) on the test window, the mean "
    "over users. "
    "Intervals are of 95 % over users, for the towers means over their seeds, whose own differences they do not hold; "
    "the other models are fitted once. Item features (and what users say of themselves) are read by the towers alone."
)
FOUND = (
    "Of the last seed. By history: recall@10 of users, thirds by the number of items that they had. By popularity: the "
    "share of all wanted items that is among the ten of the user's list; each group has a third of all pairs of user "
    "and item."
)


OTHER_LISTS = (
    "By `list_quality`, of the last seed: each list beside its baseline, on the same units, with the 95 % interval of "
    "the difference. What a task measures: `docs/reference/lists.md`."
)


def write_report(folder: Path) -> None:
    """Write README.md and recall.svg into the folder of the results, from all CSV files that are there."""
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        return
    results = pd.concat([pd.read_csv(path) for path in paths])
    everyone = results[results["slice"] == "all"]
    sections = {
        "": [INTRODUCTION],
        "## All users": [*recall_table(everyone), "", *mean_lifts(everyone), "", "![recall@10](recall.svg)"],
        "## Other measures": measure_table(everyone),
        "## Slices": slice_table(results),
        "## Where it is found": group_table(folder / "recall_by_group", everyone),
        "## The other lists": list_table(folder / "lists"),
        "## Time": [*time_table(everyone), "", machine(results)],
    }
    lines = ["# Results"]
    for title, body in sections.items():
        if body:
            lines += ["", *([title, ""] if title else []), *body]
    (folder / "README.md").write_text("\n".join(lines) + "\n")
    plot(everyone, folder / "recall.svg")


def markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a table."""
    return ["| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows]]


def recalls_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Recall and its interval by model, means over seeds."""
    return rows.groupby("model")[["recall", "recall_low", "recall_high"]].mean()


def lifts_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Lift of the towers and its interval by baseline, means over seeds."""
    towers = rows[rows["model"] == "two_tower"]
    return towers.groupby("baseline")[["lift", "lift_low", "lift_high"]].mean()


def best_other(recalls: pd.DataFrame) -> str:
    """The model with the highest recall but the towers, of those that ran beside them."""
    return str(recalls.recall.drop([*OWN, "sasrec"], errors="ignore").idxmax())


def recall_table(everyone: pd.DataFrame) -> list[str]:
    """One row per shop and policy: recall of each model, lift over both ALS and the best other."""
    table, models = [], [model for model in MODELS if model in set(everyone["model"])]
    for (shop, policy), rows in everyone.groupby(KEYS):
        recalls = recalls_of(rows)
        cells = [f"{recalls.recall[model]:.4f}" if model in recalls.index else "" for model in models]
        own, seeds = recalls.loc["two_tower"], rows.loc[rows["model"] == "two_tower", "recall"]
        cells[0] = f"**{own.recall:.4f}** ({own.recall_low:.4f} - {own.recall_high:.4f})"
        if seeds.nunique() > 1:
            cells[0] += f", seeds {seeds.min():.4f} to {seeds.max():.4f}"
        if "tuned" in recalls.index:
            cells[1] += f", defaults {own.recall / recalls.recall['tuned']:.1%}"
        lifts, best = lifts_of(rows), best_other(recalls)
        for baseline in ("als_usual", "als", best):
            known = baseline in lifts.index
            cells.append("{:+.1%} ({:+.1%} to {:+.1%})".format(*lifts.loc[baseline]) if known else "")
        table.append([f"{shop}, {policy}", *cells[:-1], f"{best} {cells[-1]}".strip()])
    return markdown(["shop, policy", *models, "over als_usual", "over als", "over the best other"], table)


def mean_lifts(everyone: pd.DataFrame) -> list[str]:
    """Mean and median over the shops of the towers' lift; the policies of one shop count as their mean."""
    lines = []
    for baseline in ("als_usual", "als", "the best other model"):
        lifts = []
        for (shop, _), rows in everyone.groupby(KEYS):
            name = best_other(recalls_of(rows)) if baseline == "the best other model" else baseline
            lifts.append((shop, lifts_of(rows).lift.get(name)))
        by_shop = pd.DataFrame(lifts, columns=["shop", "lift"]).dropna().groupby("shop")["lift"].mean()
        if len(by_shop):
            found = f"{by_shop.mean():+.1%}, median {by_shop.median():+.1%}"
            lines.append(f"- over {baseline}, mean of {len(by_shop)} shops: {found}")
    return lines


def measure_table(everyone: pd.DataFrame) -> list[str]:
    """One row per shop and policy: what counts all that is wanted, or the order within the ten, by model."""
    if "ndcg" not in everyone:
        return []
    table = []
    for (shop, policy), rows in everyone.groupby(KEYS):
        means = rows.groupby("model")[["recall_all", "ndcg"]].mean()
        models = ("two_tower", "als", best_other(recalls_of(rows)))
        cells = ["{:.4f}, {:.4f}".format(*means.loc[model]) for model in models if model in means.index]
        table.append([f"{shop}, {policy}", *cells[:-1], f"{models[-1]} {cells[-1]}"])
    head = ["shop, policy", "two_tower", "als", "best other by recall@10"]
    return ["Hits / all items wanted, and NDCG@10.", "", *markdown(head, table)]


def slice_table(results: pd.DataFrame) -> list[str]:
    """One row per shop, policy and slice: the towers, ALS, and the best of all others."""
    table = []
    for (shop, policy, part), rows in results[results["slice"].isin(SLICES)].groupby([*KEYS, "slice"]):
        recalls = recalls_of(rows)
        others = recalls.drop(index=[*OWN, "als"], errors="ignore").recall
        shown = ("two_tower", "als")
        cells = ["{:.4f} ({:.4f} - {:.4f})".format(*recalls.loc[m]) if m in recalls.index else "" for m in shown]
        table.append(
            [f"{shop}, {policy}", part, str(rows["n_users"].max()), *cells, f"{others.idxmax()} {others.max():.4f}"]
        )
    return markdown(["shop, policy", "slice", "users", "two_tower", "als", "best other"], table)


def group_table(folder: Path, everyone: pd.DataFrame) -> list[str]:
    """One row per shop, policy and group: the towers, ALS, and the model that is the best other one of all users."""
    table = []
    for path in sorted(folder.glob("*.csv")):
        for (shop, policy), rows in pd.read_csv(path).groupby(KEYS):
            best = best_other(recalls_of(everyone[(everyone["shop"] == shop) & (everyone["policy"] == policy)]))
            for _, group_number in rows.groupby(["kind", "group_number"]):
                found = group_number.set_index("model")["found"]
                cells = [f"{found[model]:.4f}" for model in ("two_tower", "als", best)]
                what = f"{group_number['kind'].iloc[0]}: {group_number['label'].iloc[0]}"
                table.append(
                    [f"{shop}, {policy}", what, str(group_number["n"].iloc[0]), *cells[:2], f"{best} {cells[2]}"]
                )
    return (
        [FOUND, "", *markdown(["shop, policy", "group", "n", "two_tower", "als", "best other"], table)] if table else []
    )


def list_table(folder: Path) -> list[str]:
    """One row per shop, list, task and baseline."""
    table = []
    for path in sorted(folder.glob("*.csv")):
        for row in pd.read_csv(path).itertuples():
            known = (str(row.shop), str(row.list_type), str(row.task), str(row.units), f"{row.value:.4f}")
            difference = f"{row.difference:+.4f} ({row.difference_low:+.4f} to {row.difference_high:+.4f})"
            table.append([*known, f"{row.baseline} {row.baseline_value:.4f}", difference])
    header = ["shop", "list", "task", "units", "value", "baseline", "difference"]
    return [OTHER_LISTS, "", *markdown(header, table)] if table else []


def time_table(everyone: pd.DataFrame) -> list[str]:
    """One row per shop: seconds of the towers' fit and of the whole run, of the first seed and of later ones."""
    table = []
    for shop, rows in everyone[everyone["model"] == "two_tower"].groupby("shop"):
        runs = rows.drop_duplicates("seed")
        whole = runs["seconds"].tolist()
        table.append([str(shop), f"{runs['fit_seconds'].mean():.0f}", ", ".join(f"{second:.0f}" for second in whole)])
    return markdown(["shop", "fit of the towers, s", "whole run by seed, s"], table)


def machine(results: pd.DataFrame) -> str:
    """What the results were measured on."""
    found = results["machine"].dropna().unique() if "machine" in results else []
    return f"Measured on {'; '.join(sorted(found))}." if len(found) else ""


def plot(everyone: pd.DataFrame, path: Path) -> None:
    """Recall of each model with its interval, one row of points per shop and policy."""
    groups = list(everyone.groupby(KEYS))
    figure = Figure(figsize=(8, 0.6 + 0.75 * len(groups)), layout="constrained")
    axes = figure.subplots()
    for number, model in enumerate(MODELS):
        places, points = [], []
        for row, (_, rows) in enumerate(groups):
            recalls = recalls_of(rows)
            if model in recalls.index:
                places.append(row + 0.08 * (number - len(MODELS) / 2))
                points.append(recalls.loc[model].tolist())
        if points:
            recall, low, high = zip(*points, strict=True)
            below, above = ([abs(a - b) for a, b in zip(recall, ends, strict=True)] for ends in (low, high))
            size = 6 if model == "two_tower" else 4
            axes.errorbar(recall, places, xerr=[below, above], fmt="o", markersize=size, linewidth=1, label=model)
    axes.set_yticks(range(len(groups)), [f"{shop}, {policy}" for (shop, policy), _ in groups])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("recall@10")
    axes.legend(fontsize="small", frameon=False)
    with mpl.rc_context({"svg.hashsalt": "recall", "svg.fonttype": "none"}):  # the same file for the same results
        figure.savefig(path, metadata={"Date": None})
