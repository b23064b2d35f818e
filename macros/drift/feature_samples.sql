{% macro feature_samples() %}
    {#- Select of the values of the category columns of about 2,000 users and items, chosen by a hash of their keys, so that the next run sees
        whether the same keys have other values: feature, id, value_hash. -#}
    select
        cast(null as varchar) as feature,
        cast(null as varchar) as id,
        cast(null as varchar) as value_hash
    where false
    {%- for entity in ['user', 'item'] %}
        {%- set name, key = 'stg_' ~ entity ~ 's', entity ~ '_id' -%}
        {%- set rows = ref('two_tower', name) -%}
        {%- for column in two_tower.feature_columns(name, [key]) if column.encoding in ['category', 'categories'] %}
    union all
    select
        {{ two_tower.literal(entity ~ 's.' ~ column.name) }},
        {{ key }},
        left(md5(cast({{ two_tower.quoted(column.name) }} as varchar)), 12)
    from {{ rows }}
    where {{ two_tower.stable_fraction([key]) }} * (select count(*) from {{ rows }}) < 2000
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
