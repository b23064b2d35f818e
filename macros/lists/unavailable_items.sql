{% macro unavailable_items(is_for_analysts=false) %}
    {#- Relation of what users of a segment may not be shown: segment, item_id, reason; without rows where merchandising is off. A table
        macro has another name for it (is_for_analysts). -#}
    {%- if not var('two_tower_merchandising') -%}
        {{- return("(select '' as segment, '' as item_id, '' as reason where false)") -}}
    {%- endif -%}
    {{- return(two_tower.stored_reference('unavailable_items') if is_for_analysts else ref('two_tower', 'unavailable_items')) -}}
{% endmacro %}
