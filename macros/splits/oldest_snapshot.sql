{% macro oldest_snapshot() %}
    {#- Aggregate over interaction_splits: the oldest snapshot. One needs a history: at least one window older than its own. -#}
    least({{ var('two_tower_training_snapshots') | int + 2 }}, greatest(max(bucket), 1))
{%- endmacro %}
