{% macro oldest_cutoff() %}
    {#- Aggregate over interaction_splits: the oldest cutoff. One needs a history: at least one window older than its own. -#}
    least({{ var('two_tower_training_cutoffs') | int + 2 }}, greatest(max(window_number), 1))
{%- endmacro %}
