{% macro typed_feature(value, encoding) %}
    {#- A literal as a staging model would have it: text where a number is read may be a date or a time. -#}
    {%- if encoding == 'number' and value is string -%}
        coalesce(
            try_cast({{ two_tower.literal(value) }} as double),
            {{ two_tower.days_of_time('try_cast(' ~ two_tower.literal(value) ~ ' as timestamp)') }}
        )
    {%- else -%}
        {{ two_tower.literal(value) }}
    {%- endif -%}
{%- endmacro %}
