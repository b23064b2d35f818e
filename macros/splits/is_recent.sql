{% macro is_recent(bucket, snapshot) %}
    {#- Whether a known interaction lies in the newest window before the snapshot; without a time axis all history is recent. -#}
    {%- if var('two_tower_split') == 'time' -%}
        {{ bucket }} = {{ snapshot }}
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}
