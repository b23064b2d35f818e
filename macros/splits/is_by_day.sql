{% macro is_by_day(moment) %}
    {#- Aggregate: whether of all moments only the day is known, as of a DATE column. A day covers all of its moments, so what is known by
        day is compared by day. -#}
    coalesce(bool_and({{ moment }} = date_trunc('day', {{ moment }})), false)
{%- endmacro %}
