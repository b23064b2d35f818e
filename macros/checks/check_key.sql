{% macro check_key(key, remedy) %}
    {#- Stops when rows of the model just built share a key, and names one such key. -#}
    {%- set columns = key | join(', ') -%}
    {%- set repeated = run_query(
        'select ' ~ columns ~ ', count(*) from ' ~ this ~ ' group by ' ~ columns
        ~ ' having count(*) > 1 order by ' ~ columns ~ ' limit 1'
    ).rows -%}
    {%- if repeated -%}
        {%- set values = repeated[0].values() -%}
        {%- do two_tower.input_error(
            this.name ~ ', column ' ~ columns,
            values[-1] ~ " rows have the value '" ~ values[:-1] | join(', ') ~ "'.",
            'keep one row per ' ~ columns ~ remedy
        ) -%}
    {%- endif -%}
{% endmacro %}
