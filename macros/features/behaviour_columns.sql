{% macro behaviour_columns(relation, columns) %}
    {#- Select list of the behavioural numbers as floats, each followed by a comma. -#}
    {%- for column in columns %}
        try_cast({{ relation }}.{{ adapter.quote(column.name) }} as float) as {{ adapter.quote(column.name) }},
    {%- endfor %}
{%- endmacro %}
