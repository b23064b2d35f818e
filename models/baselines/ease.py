def model(dbt, session):
    """Glue: hands what is known and the tuned parameters to the training package, returns its lists."""
    from two_tower.training.baselines.table import baseline_table

    return baseline_table(
        "ease",
        dbt.config.get("settings"),
        dbt.ref("two_tower", "interaction_splits"),
        dbt.ref("two_tower", "cutoff_targets"),
        dbt.ref("two_tower", "item_features"),
        dbt.ref("two_tower", "user_interests"),
    )
