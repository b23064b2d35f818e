"""ALS with parameters of a search that does without weights by recency and by user."""


def model(dbt, session):  # noqa: ARG001 - dbt's signature
    """Lists by the fit of the package."""
    from two_tower.training.baselines.table import baseline_table

    lists = baseline_table(
        "als",
        dbt.config.get("settings"),
        dbt.ref("two_tower", "interaction_splits"),
        dbt.ref("two_tower", "cutoff_targets"),
        dbt.ref("two_tower", "item_features"),
        dbt.ref("two_tower", "user_interests"),
    ).to_pandas()
    return lists.assign(model="als_usual")
