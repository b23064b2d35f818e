{% test value_between(model, column_name, minimum=none, maximum=none) %}
    {#- Every value lies in [minimum, maximum], a missing bound does not bind; nulls pass, NaN does not. -#}
    {%- if minimum is none and maximum is none -%}
        {{ exceptions.raise_compiler_error(
            "value_between on " ~ model ~ "." ~ column_name ~ ": give minimum, maximum or both, got neither"
        ) }}
    {%- endif -%}
    with

    validation_errors as (
        select {{ column_name }}
        from {{ model }}
        where
            {{ column_name }} = cast('nan' as double)
            {%- if minimum is not none %}
            or {{ column_name }} < {{ minimum }}
            {%- endif %}
            {%- if maximum is not none %}
            or {{ column_name }} > {{ maximum }}
            {%- endif %}
    )

    select * from validation_errors
{% endtest %}
