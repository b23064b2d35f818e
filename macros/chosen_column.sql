{% macro chosen_column(variable, column, model_name, alias, otherwise) %}
    {#- SQL of a column of a staging model that a var chooses, as text: 'unknown' where it is NULL, `otherwise` where the var chooses
        none. Stops when there is no such column; but the default, which suits the demo, chooses none where it is not there. -#}
    {%- if not column -%}
        {{ return("'" ~ otherwise ~ "'") }}
    {%- endif -%}
    {%- set relation = ref('two_tower', model_name) -%}
    {%- if execute and load_relation(relation) -%}
        {%- set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {%- if column not in found and variable not in two_tower.given_vars() -%}
            {{ return("'" ~ otherwise ~ "'") }}
        {%- elif column not in found -%}
            {%- do two_tower.input_error(
                'var ' ~ variable, "'" ~ column ~ "' is no column of " ~ model_name ~ '.',
                'use one of ' ~ found | join(', ') ~ ", or '' for none."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('coalesce(cast(' ~ alias ~ '.' ~ adapter.quote(column) ~ " as varchar), 'unknown')") }}
{% endmacro %}
