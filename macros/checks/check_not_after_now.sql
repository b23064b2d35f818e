{% macro check_not_after_now(column, remedy) %}
    {#- Stops when a timestamp of the model just built lies more than a day in the future, and names the latest. -#}
    {%- set latest = run_query(
        'select max(' ~ column ~ '), count(*) from ' ~ this
        ~ " where " ~ column ~ " > cast(now() at time zone 'UTC' as timestamp) + interval 1 day"
    ).rows[0] -%}
    {%- if latest[1] -%}
        {%- do two_tower.input_error(
            this.name ~ ', column ' ~ column,
            latest[1] ~ " rows lie in the future, the latest '" ~ latest[0] ~ "'.",
            'correct the clock or the unit of time, or drop these rows' ~ remedy
        ) -%}
    {%- endif -%}
{% endmacro %}
