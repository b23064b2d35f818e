{% test is_empty(model, column_name, after=none) %}
    {#- No row may exist. The column is a text for people: dbt prints a count only, so the texts are logged. -#}
    {%- if execute and flags.WHICH in ('test', 'build') -%}
        {%- for row in run_query('select ' ~ column_name ~ ' from ' ~ model ~ ' order by 1') -%}
            {%- do log(row[0], info=true) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if after %}
    -- depends on {{ after }}
    {%- endif %}
    with

    validation_errors as (
        select * from {{ model }}
    )

    select * from validation_errors
{% endtest %}
