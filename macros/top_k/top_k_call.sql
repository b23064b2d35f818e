{% macro top_k_call(k, within, pins, caps, adjustments, approximate) %}
    {#- The call of the function that top_k_lists needs. -#}
    {%- set both = 'top_k_blocks.users, top_k_catalogues.items, ' ~ k -%}
    {%- set top_k = 'top_k_approximate' if approximate else 'top_k' -%}
    {%- if pins -%}
                top_k_arranged(
                    {{ both }}, top_k_adjustments.adjustments, top_k_catalogues.kinds, cast({{ caps }} as integer[])
                )
    {%- elif within -%}
                {{ top_k }}_within({{ both }}, top_k_adjustments.adjustments, top_k_groups.sizes)
    {%- elif adjustments -%}
                {{ top_k }}({{ both }}, top_k_adjustments.adjustments)
    {%- else -%}
                {{ top_k }}({{ both }})
    {%- endif -%}
{%- endmacro %}
