{% macro any_known(relation, columns) %}
    {#- Whether at least one of the columns says something. -#}
    (
        {%- for column in columns %}
            {{ relation }}.{{ two_tower.quoted(column.name) }} is not null or
        {%- endfor %}
            false
        )
{%- endmacro %}
