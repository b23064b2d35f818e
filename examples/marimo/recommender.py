# /// script
# dependencies = ["marimo", "altair", "duckdb", "pandas"]
# ///
"""Numbers about the recommender, as a page with choices.

marimo run recommender.py -- --file published.duckdb
"""

import marimo

app = marimo.App(width="medium", app_title="Recommendations")


@app.cell
def _():
    import altair
    import duckdb
    import marimo as mo

    return altair, duckdb, mo


@app.cell
def _(duckdb, mo):
    file = mo.cli_args().get("file") or "published.duckdb"
    published = duckdb.connect(file, read_only=True)
    schemas = "select schema_name from duckdb_tables() where table_name = 'published_set'"
    published.execute(f'use "{published.sql(schemas).fetchall()[0][0]}"')
    return (published,)


@app.cell
def _(mo, published):
    number, moment, as_of = published.sql("select set_id, published_at, as_of from published_set").fetchall()[0]
    said = f"Set {number} was published on {moment:%d %B %Y, %H:%M} (UTC). It knows events up to {as_of}."
    mo.md(f"# Recommendations\n\n{said}")
    return


@app.cell
def _(mo):
    policy = mo.ui.dropdown(
        {"everything": "allow_repeats", "what the customer never bought": "unseen_only"},
        value="what the customer never bought",
        label="What may be recommended",
    )
    policy
    return (policy,)


@app.cell
def _(altair, mo, policy, published):
    recalls = published.execute(
        "select model, recall, recall_low, recall_high from recall_by_model "
        "where k = 10 and slice = 'all' and policy = ?",
        [policy.value],
    ).df()
    bars = altair.Chart(recalls).encode(y=altair.Y("model", sort="-x"))
    mo.vstack(
        [
            mo.md("## Share of what users did next that is on their list of ten"),
            bars.mark_bar().encode(x=altair.X("recall", axis=altair.Axis(format="%")))
            + bars.mark_rule().encode(x="recall_low", x2="recall_high"),
        ]
    )
    return


@app.cell
def _(mo, published):
    quality = published.sql(
        "select list_type, task, value, baseline, baseline_value, lift, lift_low, lift_high from list_quality "
        "order by list_type asc, task asc"
    ).df()
    mo.vstack([mo.md("## Each type of list against a simple rule"), mo.ui.table(quality, selection=None)])
    return


@app.cell
def _(mo, published):
    (first,) = published.sql("select min(user_id) from recommendations").fetchall()[0]
    user = mo.ui.text(value=first, label="User")
    mo.vstack([mo.md("## What one user is shown"), user])
    return (user,)


@app.cell
def _(mo, published, user):
    shown = published.execute(
        "select rank, item_id, score as chance, map_keys(reasons)[1] as because_of from recommendations "
        "where user_id = ? order by rank",
        [user.value],
    ).df()
    mo.ui.table(shown, selection=None)
    return


if __name__ == "__main__":
    app.run()
