def model(dbt, session):
    """Glue: hands what is known and the tuned parameters to the training package, returns its lists."""
    from two_tower.training.fit_baseline import baseline_table

    return baseline_table(
        "ease",
        dbt.config.get("settings"),
        dbt.ref("interaction_splits"),
        dbt.ref("snapshot_targets"),
        dbt.ref("item_features"),
    )
