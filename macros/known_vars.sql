{% macro known_vars() %}
    {#- Every var of the project and what it may be; dbt_project.yml says what it is for. -#}
    {{ return({
        'two_tower_data_dir': {'type': 'text'},
        'two_tower_split': {'type': 'text', 'among': ['time', 'last_event', 'random']},
        'two_tower_test_days': {'type': 'integer', 'least': 1},
        'two_tower_test_fraction': {'type': 'number', 'least': 0.01, 'most': 0.5},
        'two_tower_training_snapshots': {'type': 'integer', 'least': 1},
        'two_tower_history_length': {'type': 'integer', 'least': 1},
        'two_tower_min_item_interactions': {'type': 'integer', 'least': 1},
        'two_tower_seed': {'type': 'integer', 'least': 0},
        'two_tower_dim': {'type': 'integer', 'least': 1},
        'two_tower_training': {'type': 'mapping'},
        'two_tower_k': {'type': 'integer', 'least': 1},
        'two_tower_policy': {'type': 'text', 'among': ['repeats', 'new']},
        'two_tower_evaluation_k': {'type': 'integer', 'least': 1},
        'two_tower_ks': {'type': 'list', 'least': 1},
        'two_tower_policies': {'type': 'list', 'among': ['repeats', 'new']},
        'two_tower_half_life_days': {'type': 'number', 'least': 0.001},
        'two_tower_item_knn': {'type': 'mapping'},
        'two_tower_ease': {'type': 'mapping'},
        'two_tower_als': {'type': 'mapping'},
        'two_tower_gate_k': {'type': 'integer', 'least': 1},
        'two_tower_min_recall': {'type': 'mapping'},
        'two_tower_min_lift_over_als': {'type': 'number'},
        'two_tower_min_lift_over_popularity': {'type': 'number'},
        'two_tower_model_dir': {'type': 'text'},
    }) }}
{% endmacro %}
