{% macro signals_of_categories(columns, cutoff) %}
    {#- CTEs of macro signals: of each category column of the items, the share of each value in the history of a user, and its age. -#}
    interests as (
        select interests.*
        from {{ two_tower.interests() }} as interests
        semi join users on interests.user_id = users.user_id
        where interests.cutoff = {{ cutoff }} and interests.position is not null
    ),

    {%- for column in columns %}

    of_{{ loop.index }} as (
        select
            interests.user_id,
            items.{{ two_tower.quoted(column.name) }} as value,
            round(
                sum(interests.recency_weight)
                / sum(sum(interests.recency_weight)) over (partition by interests.user_id), 9
            ) as share,
            min(interests.days_since_last) as days
        from interests
        inner join {{ ref('two_tower', 'stg_items') }} as items on interests.item_id = items.item_id
        where items.{{ two_tower.quoted(column.name) }} is not null
        group by interests.user_id, items.{{ two_tower.quoted(column.name) }}
    ),
    {%- endfor %}
{%- endmacro %}
