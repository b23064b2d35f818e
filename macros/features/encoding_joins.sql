{% macro encoding_joins(entity, columns) %}
    {#- The left joins on feature_vocabulary that encoded_columns reads, one for each category or text column of `entities`. -#}
    {%- for column in columns %}
        {%- if column.encoding == 'category' %}
    left join codes as {{ column.name }}_codes
        on
            entities.stage = {{ column.name }}_codes.stage
            and {{ column.name }}_codes.feature = {{ two_tower.literal(entity ~ '.' ~ column.name) }}
            and cast(entities.{{ two_tower.quoted(column.name) }} as varchar) = {{ column.name }}_codes.value
        {%- elif column.encoding == 'categories' %}
    left join (
        select
            members.stage,
            members.{{ entity }}_id,
            list(distinct codes.code order by codes.code asc) as codes  -- a list may hold a value twice
        from (
            select
                stage,
                {{ entity }}_id,
                unnest({{ two_tower.quoted(column.name) }}) as value
            from entities
        ) as members
        inner join codes
            on
                members.stage = codes.stage
                and codes.feature = {{ two_tower.literal(entity ~ '.' ~ column.name) }}
                and members.value = codes.value
        group by members.stage, members.{{ entity }}_id
    ) as {{ column.name }}_codes
        on
            entities.stage = {{ column.name }}_codes.stage
            and entities.{{ entity }}_id = {{ column.name }}_codes.{{ entity }}_id
        {%- elif column.encoding == 'text' %}
    left join (
        select
            texts.stage,
            texts.text,
            text_buckets(texts.text, codes.code) as codes
        from (
            select distinct
                stage,
                cast({{ two_tower.quoted(column.name) }} as varchar) as text
            from entities
        ) as texts
        inner join codes
            on
                texts.stage = codes.stage
                and codes.feature = {{ two_tower.literal(entity ~ '.' ~ column.name) }}
    ) as {{ column.name }}_codes
        on
            entities.stage = {{ column.name }}_codes.stage
            and entities.{{ two_tower.quoted(column.name) }} is not distinct from {{ column.name }}_codes.text
        {%- endif %}
    {%- endfor %}
{% endmacro %}
