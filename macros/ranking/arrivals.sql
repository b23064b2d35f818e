{% macro arrivals(stage) %}
    {#- Select of the items that came within the last two_tower_new_days days: item_id. An item comes with its first event, or with the
        first row of the table of availability. -#}
    select item_id
    from {{ ref('two_tower', 'item_features') }}
    where cutoff = {{ two_tower.cutoff_of(stage) }} and days_since_first < {{ var('two_tower_new_days') }}
    {%- if stage == 'production' and var('two_tower_merchandising') and var('two_tower_item_availability') %}
    union
    select item_id
    from ({{ two_tower.input_rows('item_availability', false) }})
    group by item_id
    having min(available_from) >= {{ two_tower.served_at() }} - interval {{ var('two_tower_new_days') }} day
        and min(available_from) <= {{ two_tower.served_at() }}
    {%- endif %}
{%- endmacro %}
