{% macro chosen_column(variable, column, model_name, alias, otherwise, of_null='unknown') %}
    {#- SQL of a column of a staging model that a var chooses, by our name or the team's own, as text: `of_null` where it is NULL,
        `otherwise` where the var chooses none. Whole numbers, which staging has as doubles, are written as such. Stops when there is no such column; but the default, which
        suits the demo, chooses none where it is not there or a number. -#}
    {%- if not column -%}
        {{ return(two_tower.literal(otherwise)) }}
    {%- endif -%}
    {%- set relation = ref('two_tower', model_name) -%}
    {%- set value = alias ~ '.' ~ two_tower.quoted(column) -%}
    {%- if execute and load_relation(relation) -%}
        {%- set types = {} -%}
        {%- for found in adapter.get_columns_in_relation(relation) -%}
            {%- do types.update({found.name: found.dtype | lower}) -%}
        {%- endfor -%}
        {%- if column not in types and two_tower.feature_name(column) in types -%}
            {%- set column = two_tower.feature_name(column) -%}
            {%- set value = alias ~ '.' ~ two_tower.quoted(column) -%}
        {%- endif -%}
        {%- if variable not in two_tower.given_vars() and types.get(column, 'double') == 'double' -%}
            {{ return(two_tower.literal(otherwise)) }}
        {%- elif column not in types -%}
            {%- do two_tower.input_error(
                'var ' ~ variable, "'" ~ column ~ "' is no column of " ~ model_name ~ '.',
                'use one of ' ~ types.keys() | reject('in', ['item_label', 'item_value', 'user_label']) | join(', ') ~ ('.' if variable == 'two_tower_caps' else ", or '' for none.")
            ) -%}
        {%- elif types[column] == 'double' -%}
            {%- set value = "regexp_replace(cast(" ~ value ~ " as varchar), '[.]0$', '')" -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('coalesce(cast(' ~ value ~ ' as varchar), ' ~ two_tower.literal(of_null) ~ ')') }}
{% endmacro %}
