{% macro attach_served_set() %}
    {#- Makes the set that readers see readable as two_tower_served while a model is built. -#}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- do two_tower.attach_set(two_tower.published_file() if two_tower.published_file() and two_tower.served_set() else '') -%}
    {%- endif -%}
{% endmacro %}


{% macro attach_set(path) %}
    {#- Makes the set at a path readable as two_tower_served, in place of another; the file is opened read-only. -#}
    {%- do run_query('detach database if exists two_tower_served') -%}
    {%- if path -%}
        {%- do run_query('attach ' ~ two_tower.literal(path) ~ ' as two_tower_served (read_only)') -%}
    {%- endif -%}
{% endmacro %}
