{% macro is_recent(window_number, cutoff) %}
    {#- Whether a known interaction lies in the newest window before the cutoff; without a time axis all history is recent. -#}
    {%- if var('two_tower_split') == 'time' -%}
        {{ window_number }} = {{ cutoff }}
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}
