{% macro attach_served_set() %}
    {#- Makes the set that readers see readable as two_tower_served while a model is built. -#}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- do two_tower.attach_set(two_tower.published_file() if two_tower.published_file() and two_tower.served_set() else '') -%}
    {%- endif -%}
{% endmacro %}
