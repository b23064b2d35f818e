{% macro print_costs(rows) %}
    {#- Of check: prints how long runs take and what memory they need, by the rows of the inputs: {input: SQL}. The numbers are lines through
        the measurements of docs/reference/requirements.md#sizes. -#}
    {%- set counts = {} -%}
    {%- for input in ['interactions', 'users', 'items'] if input in rows -%}
        {%- do counts.update({input: run_query('select count(*) from ' ~ rows[input]).rows[0][0] | int}) -%}
    {%- endfor -%}
    {%- if counts | length == 3 -%}
        {%- set millions = counts.interactions / 1000000 -%}
        {%- set least, refresh = 1.6 + 2.4 * millions, 0.3 + 0.5 * millions -%}
        {%- set vectors = (counts.users + counts['items']) * var('two_tower_dim') * 12 / 1000000000 -%}
        {%- do print(
            '\nexpected on two cores: ' ~ least | round(0, 'ceil') | int ~ ' to ' ~ (2.5 * least) | round(0, 'ceil') | int
            ~ ' minutes for a first build, ' ~ refresh | round(0, 'ceil') | int ~ ' for a refresh, and '
            ~ (2.1 + 0.34 * millions + vectors) | round(1) ~ ' GB of memory'
        ) -%}
    {%- endif -%}
{% endmacro %}
