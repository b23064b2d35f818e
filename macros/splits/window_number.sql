{% macro window_number(end_at) %}
    {#- Number of the window an interaction falls into, counted back from the newest: 0 = test, 1 = validation, 2.. = older.
        Ties in time are broken by a hash, which is stable from run to run and says nothing about the item's age; what a user did with
        one item at one moment is one event. -#}
    {%- set split = var('two_tower_split') -%}
    {%- if split == 'time' -%}
        cast(ceil(epoch({{ end_at }} - event_at) / ({{ var('two_tower_test_days') }} * 86400.0)) as integer) - 1
    {%- elif split == 'last_event' -%}
        cast(
            dense_rank() over (
                partition by user_id
                order by event_at desc, {{ two_tower.stable_hash(['user_id', 'item_id']) }} asc
            ) - 1 as integer
        )
    {%- else -%}
        cast(
            floor({{ two_tower.stable_fraction(['user_id', 'item_id'], var('two_tower_seed')) }} / {{ var('two_tower_test_fraction') }})
            as integer
        )
    {%- endif -%}
{% endmacro %}
