{% macro feature_values(entity, columns, relation) %}
    {#- Union of (horizon, feature, value): one row for each category an entity of `relation` carries. -#}
    {%- for column in columns if column.encoding in ['category', 'categories'] %}
    select
        horizon,
        '{{ entity }}.{{ column.name }}' as feature,
        {% if column.encoding == 'categories' -%}
            unnest(list_distinct({{ adapter.quote(column.name) }}))
        {%- else -%}
            cast({{ adapter.quote(column.name) }} as varchar)
        {%- endif %} as value
    from {{ relation }}
    union all
    {%- endfor %}
{% endmacro %}
