{% macro operation(name, arguments) %}
    {#- Result of an operation on published sets; stops with its one error where it refuses. -#}
    {%- set texts = [] -%}
    {%- for argument in arguments -%}
        {%- do texts.append(two_tower.literal(argument | string)) -%}
    {%- endfor -%}
    {%- set result = fromjson(run_query('select two_tower_' ~ name ~ '(' ~ texts | join(', ') ~ ')').rows[0][0]) -%}
    {%- if result.problem -%}
        {%- do two_tower.input_error(
            'publication', result.problem ~ '.',
            'move away a file that is named and cannot be read; dbt run --select two_tower,publication+ writes it anew. What else there is: '
            ~ 'dbt run-operation two_tower.runs.'
        ) -%}
    {%- endif -%}
    {{ return(result) }}
{% endmacro %}
