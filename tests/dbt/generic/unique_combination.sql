{% test unique_combination(model, columns) %}
    {#- The columns together are a key: no two rows share all of them. -#}
    {%- if columns is string or columns | length < 2 -%}
        {{ exceptions.raise_compiler_error(
            "unique_combination on " ~ model ~ ": columns must be a list of two or more columns, got " ~ columns
        ) }}
    {%- endif -%}
    with

    validation_errors as (
        select
            {{ columns | join(', ') }},
            count(*) as n_rows
        from {{ model }}
        group by {{ columns | join(', ') }}
        having count(*) > 1
    )

    select * from validation_errors
{% endtest %}
