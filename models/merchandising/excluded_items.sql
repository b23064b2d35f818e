with

given as (
    {% if var('two_tower_merchandising') -%}
        {{ two_tower.input_rows('user_exclusions') }}
    {%- else -%}
        select
            '' as user_id,
            '' as item_id
        where false
    {%- endif %}
),

had as (
    select
        user_id,
        item_id
    from {{ ref('two_tower', 'user_histories') }}
    where cutoff = 0 and {{ var('two_tower_policy') == 'unseen_only' }}
),

{%- if two_tower.tells_types_apart() %}

refused as (
    select
        user_id,
        item_id
    from {{ ref('two_tower', 'user_interests') }}
    where cutoff = 0 and recency_weight < 0
),
{%- endif %}

exclusions as (
    select
        *,
        'excluded for the user' as reason
    from given
    union all
    {%- if two_tower.tells_types_apart() %}
    select
        *,
        'refused' as reason
    from refused
    union all
    {%- endif %}
    select
        *,
        'had before' as reason
    from had
),

final as (
    select
        user_id,
        item_id,
        min(reason) as reason
    from exclusions
    group by user_id, item_id
)

select * from final
