{% macro feature_values(entity, columns, relation) %}
    {#- Union of (stage, feature, value): one row for each category an entity of `relation` carries. -#}
    {%- for column in columns if column.encoding in ['category', 'categories'] %}
    select
        stage,
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
