{% macro withheld_from_all(stage) %}
    {#- Select of the items that nobody may be shown: item_id. What was not available at an earlier cutoff is not known. -#}
    select item_id from {{ two_tower.unavailable_items() }}
    where segment = 'all' and {{ stage == 'production' }}
{%- endmacro %}
