{% macro known_events(stage) %}
    {#- Select of the interactions that are known at a stage's cutoff, with the moment that counts as now there, `now_at`. -#}
    select
        splits.*,
        coalesce(stages.as_of, ends.end_at) as now_at
    from {{ ref('two_tower', 'interaction_splits') }} as splits
    inner join {{ ref('two_tower', 'stages') }} as stages on stages.stage = {{ two_tower.literal(stage) }}
    cross join (select {{ two_tower.end_of_data() }} as end_at from {{ ref('two_tower', 'interaction_splits') }}) as ends
    where {{ two_tower.is_history('splits.window_number', two_tower.cutoff_of(stage)) }}
{%- endmacro %}
