{% macro check_rows(key, not_after_now=none, rows=none, input=none) %}
    {#- Post-hook of the staging models, inside their transaction: an empty table, a NULL or repeated `key`, or a
        `not_after_now` later than now (a day's grace for time zones) stops the run, and the table stays as it was. Operation `check` gives
        `rows` of an input in place of the table. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set name = 'stg_' ~ input if rows else this.name -%}
        {%- set input = 'two_tower_' ~ (input or model.name | replace('stg_', '')) -%}
        {%- set remedy = ' in ' ~ var(input) ~ ' (var ' ~ input ~ ').' -%}
        {%- set rows = rows or this -%}
        {%- if not run_query('select 1 from ' ~ rows ~ ' limit 1').rows -%}
            {%- do two_tower.input_error(name ~ ', every column', 'no rows.', 'look for an empty load or a filter' ~ remedy) -%}
        {%- endif -%}
        {%- for column in key -%}
            {%- set nulls = run_query('select count(*) from ' ~ rows ~ ' where ' ~ column ~ ' is null').rows[0][0] -%}
            {%- if nulls -%}
                {%- do two_tower.input_error(
                    name ~ ', column ' ~ column, 'NULL in ' ~ nulls ~ ' rows.', 'fill or drop these rows' ~ remedy
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not_after_now is none or not two_tower.is_collecting() -%}  {#- of events that are one, staging makes one row -#}
            {%- do two_tower.check_key(key, remedy, rows, name) -%}
        {%- endif -%}
        {%- if not_after_now -%}
            {%- do two_tower.check_not_after_now(not_after_now, remedy, rows, name) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro check_key(key, remedy, rows, name) %}
    {#- Stops when rows of the model just built share a key, and names one such key. -#}
    {%- set columns = key | join(', ') -%}
    {%- set repeated = run_query(
        'select ' ~ columns ~ ', count(*) from ' ~ rows ~ ' group by ' ~ columns
        ~ ' having count(*) > 1 order by ' ~ columns ~ ' limit 1'
    ).rows -%}
    {%- if repeated -%}
        {%- set values = repeated[0].values() -%}
        {%- do two_tower.input_error(
            name ~ ', column ' ~ columns,
            values[-1] ~ " rows have the value '" ~ values[:-1] | join(', ') ~ "'.",
            'keep one row per ' ~ columns ~ remedy
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro check_not_after_now(column, remedy, rows, name) %}
    {#- Stops when a timestamp of the model just built lies more than a day in the future, and names the latest. -#}
    {%- set latest = run_query(
        'select max(' ~ column ~ '), count(*) from ' ~ rows
        ~ " where " ~ column ~ " > cast(now() at time zone 'UTC' as timestamp) + interval 1 day"
    ).rows[0] -%}
    {%- if latest[1] -%}
        {%- do two_tower.input_error(
            name ~ ', column ' ~ column,
            latest[1] ~ " rows lie in the future, the latest '" ~ latest[0] ~ "'.",
            'correct the clock or the unit of time, or drop these rows' ~ remedy
        ) -%}
    {%- endif -%}
{% endmacro %}
