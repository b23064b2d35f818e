{% macro is_history(bucket, snapshot) %}
    {#- Whether an interaction is known at a snapshot. Time and last-event splits know everything older than the snapshot. The folds of
        a random split have no before and after: the snapshots that are served know the folds from their own on; those that teach
        know every fold but their own and the two by which they are judged. -#}
    {%- if var('two_tower_split') == 'random' -%}
        ({{ bucket }} >= least({{ snapshot }}, 2) and ({{ snapshot }} <= 2 or {{ bucket }} <> {{ snapshot }} - 1))
    {%- else -%}
        {{ bucket }} >= {{ snapshot }}
    {%- endif -%}
{%- endmacro %}
