{% macro basket_key() %}
    {#- What makes lines of interactions one basket: the order where it is known, else the user and the day. -#}
    concat_ws('|', user_id, coalesce(order_id, cast(date_trunc('day', event_at) as varchar)))
{%- endmacro %}
