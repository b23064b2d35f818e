{% macro behaviour_columns(relation, columns) %}
    {#- Select list of the behavioural numbers as floats, each followed by a comma. -#}
    {%- for column in columns %}
        try_cast({{ relation }}.{{ two_tower.quoted(column.name) }} as float) as {{ two_tower.quoted(column.name) }},
    {%- endfor %}
{%- endmacro %}
