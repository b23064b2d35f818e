{% macro check() %}
    {#- Operation: reads the inputs without building anything, prints how each column is read and what is in it, and ends in one error with all
        problems that the checks of a run would stop at one by one. -#}
    {%- if execute -%}
        {%- set problems, rows = [], {} -%}
        {%- do graph.update({'two_tower_problems': problems}) -%}
        {%- do two_tower.check_installation() -%}
        {%- do two_tower.check_vars() -%}
        {%- for input in (two_tower.known_inputs() if not problems else []) if two_tower.is_given(input) -%}
            {%- set before = problems | length -%}
            {%- set columns = two_tower.input_columns(input) -%}
            {%- do two_tower.print_columns(input) -%}
            {%- set select = two_tower.input_rows(input, false) -%}
            {%- if problems | length == before -%}
                {%- do rows.update({input: '(' ~ select ~ ')'}) -%}
                {%- do two_tower.check_input(input, columns) -%}
                {%- do two_tower.print_content(input, rows[input]) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do two_tower.check_content(rows) -%}
        {%- do two_tower.print_costs(rows) -%}
        {%- do graph.pop('two_tower_problems') -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error('two_tower.check: ' ~ problems | length ~ ' problems.\n' ~ problems | join('\n')) }}
        {%- endif -%}
        {%- do print('two_tower.check: no problem that would stop a run.') -%}
    {%- endif -%}
{% endmacro %}


{% macro is_given(input) %}
    {#- Whether an input is named and read. -#}
    {%- set is_off = input in ['item_availability', 'user_exclusions', 'merchandising_rules'] and not var('two_tower_merchandising') -%}
    {{ return(var('two_tower_' ~ input) != '' and not is_off) }}
{% endmacro %}


{% macro check_content(rows) %}
    {#- The checks of staging and features on rows of the inputs: {input: SQL}. -#}
    {%- for input, select in rows.items() if input in ['interactions', 'users', 'items', 'reviews'] and two_tower.is_strict(input) -%}
        {%- set key = {'users': ['user_id'], 'items': ['item_id'], 'reviews': ['user_id', 'item_id', 'review_at']}.get(
            input, ['user_id', 'item_id', 'event_at', 'event_type']
        ) -%}
        {%- do two_tower.check_rows(key, key[2], select, input) if key | length > 1 else two_tower.check_rows(key, none, select, input) -%}
        {%- if rows.interactions and input in ['users', 'items'] -%}
            {%- do two_tower.check_keys_match(input, key[0], rows.interactions, select) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if rows.interactions -%}
        {%- do two_tower.check_event_types(rows.interactions) -%}
    {%- endif -%}
{% endmacro %}
