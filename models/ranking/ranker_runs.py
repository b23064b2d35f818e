def model(dbt, session):
    """Glue: hands the examples and the settings to the training package, returns its run log."""
    from dbt.adapters.events.logging import AdapterLogger
    from two_tower.training.ranker_runs import train_rankers

    names = {
        "ranker_examples": dbt.ref("two_tower", "ranker_examples"),
        "horizons": dbt.ref("two_tower", "horizons"),
    }
    config = dbt.config
    log = AdapterLogger("TwoTower").info
    return train_rankers(names, config.get("signals"), config.get("training"), config.get("model_dir"), log)
