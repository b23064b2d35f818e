{% macro label_column(input) %}
    {#- SQL of the column of users or items that holds the names that people read, by var two_tower_user_label or two_tower_item_label, as
        text; NULL without one. Stops when there is no such column; but the default, which suits the demo, chooses none where it is
        not there. Whether the column is a feature, too, its encoding alone says. -#}
    {%- set variable = 'two_tower_' ~ input.removesuffix('s') ~ '_label' -%}
    {%- set label = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
    {%- set columns = two_tower.relation_columns(two_tower.input_relation(input), label) if var(variable) else {} -%}
    {%- set column = columns.get(var(variable) | lower) -%}
    {%- if columns and not column and variable in two_tower.given_vars() -%}
        {%- do two_tower.input_error(
            'var ' ~ variable, "'" ~ var(variable) ~ "' is no column of " ~ var('two_tower_' ~ input) ~ '.',
            'use one of ' ~ columns.values() | map(attribute='name') | join(', ') ~ ", or '' for none."
        ) -%}
    {%- endif -%}
    {{ return("nullif(trim(cast(" ~ two_tower.quoted(column.name) ~ " as varchar)), '')" if column else 'cast(null as varchar)') }}
{% endmacro %}
