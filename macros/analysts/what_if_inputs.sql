{% macro what_if_inputs(entity, features, starts) %}
    {#- CTE `inputs`: one row as the tower reads it, of a user or item that does not exist, from features typed in as literals. The
        row is the one that a cold start has: the given features encoded as everyone's are, `starts`, all else NULL. -#}
    {%- set columns = two_tower.feature_columns('stg_' ~ entity ~ 's', [entity ~ '_id']) -%}
    {%- set names = columns | map(attribute='name') | list -%}
    {%- set given = {} -%}
    {%- for name, value in features.items() -%}
        {%- do given.update({name if name in names or not execute else two_tower.feature_name(name): value}) -%}
    {%- endfor -%}
    {%- for name in given if execute and name not in names -%}
        {%- do two_tower.input_error(
            'what_if_' ~ entity, "'" ~ name ~ "' is no feature of " ~ entity ~ 's.', 'use ' ~ names | join(', ') ~ '.'
        ) -%}
    {%- endfor -%}
    codes as (
        select * from {{ ref('two_tower', 'feature_vocabulary') }}
    ),

    entities as (
        select
            'production' as stage,
            'what if' as {{ entity }}_id,
            {%- for column in columns %}
            {{ two_tower.typed_feature(given.get(column.name), column.encoding) }} as {{ two_tower.quoted(column.name) }}{{ ',' if not loop.last }}
            {%- endfor %}
    ),

    encoded as (
        select
            {{ two_tower.encoded_columns(columns) }}
            entities.{{ entity }}_id
        from entities
        {{ two_tower.encoding_joins(entity, columns) }}
    ),

    blank as (
        select inputs.*
        from (select 1) as one
        left join (select * from {{ ref('two_tower', entity ~ '_inputs') }} limit 0) as inputs on true
    ),

    inputs as (
        select blank.* replace (
            {%- for name in names %}
            encoded.{{ two_tower.quoted(name) }} as {{ two_tower.quoted(name) }},
            {%- endfor %}
            {%- for name, value in starts.items() %}
            {{ value }} as {{ name }},
            {%- endfor %}
            encoded.{{ entity }}_id as {{ entity }}_id
        )
        from blank
        cross join encoded
    ),
{%- endmacro %}
