{% macro label_of(id, is_for_analysts=false) %}
    {#- Column with the name that people read of an item or a user: similar_item_label for `lists.similar_item_id`. It is NULL where the
        table of the team has none. In a table macro the tables have another name (is_for_analysts). -#}
    {%- set column = id.split('.')[-1] -%}
    {%- set entity = 'user' if column.endswith('user_id') else 'item' -%}
    {%- set model_name = 'user_segments' if entity == 'user' else 'item_categories' -%}
    (
        select labelled.{{ entity }}_label
        from {{ two_tower.stored_reference(model_name) if is_for_analysts else ref('two_tower', model_name) }} as labelled
        where labelled.{{ entity }}_id = {{ id }}
    ) as {{ column.removesuffix('_id') }}_label
{%- endmacro %}
