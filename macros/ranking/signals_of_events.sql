{% macro signals_of_events(types, cutoff) %}
    {#- CTEs of macro signals: of each type of events that are no targets, those of a pair, and the users of an item. -#}
    {#- outside the loop, or a model would not know that it depends on it -#}
    {%- set user_events = ref('two_tower', 'user_events') if two_tower.tells_types_apart() -%}
    {%- set item_events = ref('two_tower', 'item_events') if two_tower.tells_types_apart() -%}
    {%- for type in types %}
    events_{{ loop.index }} as (
        select
            user_id,
            item_id,
            sum(events) as events,
            min(days_since_last) as days
        from {{ user_events }}
        where cutoff = {{ cutoff }} and lower(event_type) = {{ two_tower.literal(type) }}
        group by user_id, item_id
    ),

    item_events_{{ loop.index }} as (
        select
            item_id,
            users
        from {{ item_events }}
        where cutoff = {{ cutoff }} and event_type = {{ two_tower.literal(type) }}
    ),
    {%- endfor %}
{%- endmacro %}
