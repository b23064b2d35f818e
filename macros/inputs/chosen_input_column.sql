{% macro chosen_input_column(variable, input) %}
    {#- The column of users or items that a var names, {name, type}, whether or not it is a feature; an empty mapping where the var names
        none. Stops when there is no such column; but the default, which suits the demo, names none where it is not there. -#}
    {%- set label = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
    {%- set columns = two_tower.relation_columns(two_tower.input_relation(input), label) if var(variable) else {} -%}
    {%- if columns and var(variable) | lower not in columns and variable in two_tower.given_vars() -%}
        {%- do two_tower.input_error(
            'var ' ~ variable, "'" ~ var(variable) ~ "' is no column of " ~ var('two_tower_' ~ input) ~ '.',
            'use one of ' ~ columns.values() | map(attribute='name') | join(', ') ~ ", or '' for none."
        ) -%}
    {%- endif -%}
    {{ return(columns.get(var(variable) | lower, {})) }}
{% endmacro %}


{% macro label_column(input) %}
    {#- SQL of the column of users or items with the names that people read, as text; NULL without one. -#}
    {%- set column = two_tower.chosen_input_column('two_tower_' ~ input.removesuffix('s') ~ '_label', input) -%}
    {{ return("nullif(trim(cast(" ~ two_tower.quoted(column.name) ~ " as varchar)), '')" if column else 'cast(null as varchar)') }}
{% endmacro %}


{% macro value_column() %}
    {#- SQL of the column of the items by whose value lists may be ordered; NULL without one. Stops when it is no number. -#}
    {%- set column = two_tower.chosen_input_column('two_tower_value_column', 'items') -%}
    {%- if column and two_tower.type_family(column.type) != 'number' -%}
        {%- do two_tower.input_error(
            'var two_tower_value_column', "'" ~ column.name ~ "' of " ~ var('two_tower_items') ~ ' is ' ~ column.type ~ ', expected a number.',
            'cast it in your model, try_cast(' ~ two_tower.quoted(column.name) ~ " as double), or name another column, or '' for none."
        ) -%}
    {%- endif -%}
    {{ return(two_tower.finite(two_tower.quoted(column.name), '1e30') if column else 'cast(null as double)') }}
{% endmacro %}
