{% macro input_columns(input) %}
    {#- SQL of each column that an input must or may have, {our name: SQL}; stops when one is missing or of a wrong type. -#}
    {%- do two_tower.check_project() -%}
    {%- do two_tower.check_installation() -%}  {#- also where a model is only compiled -#}
    {%- set label = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
    {%- set found = two_tower.relation_columns(two_tower.input_relation(input), label) -%}
    {%- set columns = {} -%}
    {%- for name, wanted in two_tower.known_inputs()[input].items() -%}
        {%- set given = two_tower.input_column_name(input, name) -%}
        {%- set column = found.get(given | lower) -%}
        {%- if column -%}
            {%- do two_tower.check_input_column(input, label, column, wanted.kind) -%}
            {%- do columns.update({name: two_tower.quoted(column.name)}) -%}
        {%- elif given == name and wanted.otherwise is defined and (found or two_tower.is_strict(input)) -%}
            {%- do columns.update({name: wanted.otherwise}) -%}
        {%- elif found -%}
            {%- do two_tower.input_error(
                label ~ ', column ' ~ given, 'missing; found ' ~ found.values() | map(attribute='name') | join(', ') ~ '.',
                'say which one is ' ~ name ~ ' in var two_tower_columns, {' ~ input ~ ': {' ~ name ~ ': your column}}.'
            ) -%}
        {%- else -%}
            {%- do columns.update({name: two_tower.quoted(given)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
