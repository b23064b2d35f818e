{% macro feature_values(entity, columns, relation) %}
    {#- Union of (horizon, feature, value): one row for each category an entity of `relation` carries. -#}
    {%- for column in columns if column.encoding in ['category', 'categories'] %}
    select
        horizon,
        {{ two_tower.literal(entity ~ '.' ~ column.name) }} as feature,
        {% if column.encoding == 'categories' -%}
            unnest(list_distinct({{ two_tower.quoted(column.name) }}))
        {%- else -%}
            cast({{ two_tower.quoted(column.name) }} as varchar)
        {%- endif %} as value
    from {{ relation }}
    union all
    {%- endfor %}
{% endmacro %}
