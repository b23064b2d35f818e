{% macro outsized_users() %}
    {#- Select of the users of each stage that stand for nobody in particular, by what is known as of the stage: stage, user_id. -#}
    with

    {% for stage in ['validation'] + var('two_tower_stages') -%}
    events_of_{{ stage }} as (
        select splits.user_id
        from {{ ref('two_tower', 'interaction_splits') }} as splits
        inner join {{ ref('two_tower', 'stages') }} as stages on stages.stage = {{ two_tower.literal(stage) }}
        where {{ two_tower.is_history('splits.window_number', 'stages.cutoff') }}
    ),

    outsized_of_{{ stage }} as (
        {{ two_tower.outsized_ids('events_of_' ~ stage, 'user_id') }}
    ),

    {% endfor -%}
    outsized as (
        {%- for stage in ['validation'] + var('two_tower_stages') %}
        select
            {{ two_tower.literal(stage) }} as stage,
            id as user_id
        from outsized_of_{{ stage }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select * from outsized
{%- endmacro %}
