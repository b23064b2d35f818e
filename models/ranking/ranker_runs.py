def model(dbt, session):
    """Glue: hands the examples and the settings to the training package, returns its run log."""
    from dbt.adapters.events.logging import AdapterLogger
    from two_tower.training.ranker.runs import train_rankers

    names = {
        "ranker_examples": dbt.ref("two_tower", "ranker_examples"),
        "stages": dbt.ref("two_tower", "stages"),
    }
    log = AdapterLogger("TwoTower").info
    return train_rankers(names, dbt.config.get("training"), dbt.config.get("model_dir"), log)
