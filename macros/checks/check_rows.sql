{% macro check_rows(key, not_after_now=none) %}
    {#- Post-hook of the staging models, inside their transaction: an empty table, a NULL or repeated `key`, or a
        `not_after_now` later than now (a day's grace for time zones) stops the run, and the table stays as it was. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set input = 'two_tower_' ~ model.name | replace('stg_', '') -%}
        {%- set remedy = ' in ' ~ var(input) ~ ' (var ' ~ input ~ ').' -%}
        {%- if not run_query('select 1 from ' ~ this ~ ' limit 1').rows -%}
            {%- do two_tower.input_error(this.name ~ ', every column', 'no rows.', 'look for an empty load or a filter' ~ remedy) -%}
        {%- endif -%}
        {%- for column in key -%}
            {%- set nulls = run_query('select count(*) from ' ~ this ~ ' where ' ~ column ~ ' is null').rows[0][0] -%}
            {%- if nulls -%}
                {%- do two_tower.input_error(
                    this.name ~ ', column ' ~ column, 'NULL in ' ~ nulls ~ ' rows.', 'fill or drop these rows' ~ remedy
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do two_tower.check_key(key, remedy) -%}
        {%- if not_after_now -%}
            {%- do two_tower.check_not_after_now(not_after_now, remedy) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
