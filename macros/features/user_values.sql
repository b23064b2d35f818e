{% macro user_values() %}
    {#- Select of what is known of users as values of few kinds: user_id, feature, value. Numbers are told apart by fifths of all users. -#}
    {%- for column in two_tower.feature_columns('stg_users', ['user_id'])
        if column.encoding in ['category', 'categories', 'number'] %}
    {%- set name = two_tower.quoted(column.name) %}
    select
        user_id,
        {{ two_tower.literal(column.name) }} as feature,
        {% if column.encoding == 'categories' -%}
            unnest(list_distinct({{ name }}))
        {%- elif column.encoding == 'category' -%}
            cast({{ name }} as varchar)
        {%- else -%}
            'fifth ' || (1
            {%- for share in [0.2, 0.4, 0.6, 0.8] %}
            + cast({{ name }} > (select quantile_disc({{ name }}, {{ share }}) from {{ ref('two_tower', 'stg_users') }}) as integer)
            {%- endfor %})
        {%- endif %} as value
    from {{ ref('two_tower', 'stg_users') }}
    where {{ name }} is not null
    union all
    {%- endfor %}
    select
        cast(null as varchar) as user_id,
        cast(null as varchar) as feature,
        cast(null as varchar) as value
    where false
{%- endmacro %}
