def model(dbt, session):
    """Glue: hands the histories to the training package, returns what one item says for another."""
    from two_tower.training.factorization.item_weights import item_weights

    histories, stages = dbt.ref("two_tower", "user_interests"), dbt.ref("two_tower", "stages")
    return item_weights(histories, stages, dbt.config.get("neighbour_history"), dbt.config.get("users"))
