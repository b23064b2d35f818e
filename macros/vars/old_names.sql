{% macro old_names() %}
    {#- What vars, and policies among their values, were called before 0.2.0, and what they are called now. -#}
    {{ return({
        'two_tower_horizons': 'two_tower_stages',
        'two_tower_training_snapshots': 'two_tower_training_cutoffs',
        'two_tower_held_out_items': 'two_tower_cold_start_item_share',
        'two_tower_held_out_users': 'two_tower_cold_start_user_share',
        'two_tower_holdout': 'two_tower_experiment_holdout_share',
        'two_tower_half_life_days': 'two_tower_own_most_bought_half_life_days',
        'new': 'unseen_only',
        'repeats': 'allow_repeats',
    }) }}
{% endmacro %}
