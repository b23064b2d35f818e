{% macro attach_set(path) %}
    {#- Makes the set at a path readable as two_tower_served, in place of another; the file is opened read-only. -#}
    {%- do run_query('detach database if exists two_tower_served') -%}
    {%- if path -%}
        {%- do run_query('attach ' ~ two_tower.literal(path) ~ ' as two_tower_served (read_only)') -%}
    {%- endif -%}
{% endmacro %}
