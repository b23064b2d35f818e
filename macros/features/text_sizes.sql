{% macro text_sizes(entity, columns) %}
    {#- Rows of feature_vocabulary for the text columns, each after `union all`: among how many buckets words are shared out. -#}
    {%- for column in columns if column.encoding == 'text' %}
    union all
    select
        stage,
        {{ two_tower.literal(entity ~ '.' ~ column.name) }} as feature,
        'buckets' as value,
        {{ var('two_tower_text_buckets') }} as code
    from stages
    {%- endfor %}
{% endmacro %}
