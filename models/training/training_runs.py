def model(dbt, session):
    """Glue: hands the input tables and the settings to the training package, returns its run log."""
    from dbt.adapters.events.logging import AdapterLogger
    from two_tower.training.runs import train

    names = {
        "user_inputs": dbt.ref("two_tower", "user_inputs"),
        "item_inputs": dbt.ref("two_tower", "item_inputs"),
        "feature_vocabulary": dbt.ref("two_tower", "feature_vocabulary"),
        "cutoff_targets": dbt.ref("two_tower", "cutoff_targets"),
        "user_histories": dbt.ref("two_tower", "user_histories"),
        "item_features": dbt.ref("two_tower", "item_features"),
        "item_reviews": dbt.ref("two_tower", "item_reviews"),
        "stages": dbt.ref("two_tower", "stages"),
    }
    return train(names, dbt.config.get("training"), dbt.config.get("model_dir"), AdapterLogger("TwoTower").info)
