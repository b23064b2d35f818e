{% macro attach_served_set() %}
    {#- Makes the set that readers see readable as two_tower_served while a model is built; the file is opened read-only. -#}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- do run_query('detach database if exists two_tower_served') -%}
        {%- if two_tower.published_file() and two_tower.served_set() -%}
            {%- do run_query('attach ' ~ two_tower.literal(two_tower.published_file()) ~ ' as two_tower_served (read_only)') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
