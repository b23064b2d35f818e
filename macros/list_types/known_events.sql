{% macro known_events(stage) %}
    {#- Select of the interactions that are known at a stage's cutoff, with the moment that counts as now there, `now_at`. -#}
    select
        splits.*,
        stages.now_at
    from {{ ref('two_tower', 'interaction_splits') }} as splits
    inner join {{ ref('two_tower', 'stages') }} as stages on stages.stage = {{ two_tower.literal(stage) }}
    where {{ two_tower.is_history('splits.window_number', two_tower.cutoff_of(stage)) }}
{%- endmacro %}
