{% macro is_history(window_number, cutoff) %}
    {#- Whether an interaction is known at a cutoff. Time and last-event splits know everything older than the cutoff. The folds of
        a random split have no before and after: the cutoffs that are served know the folds from their own on; those that teach
        know every fold but their own and the two by which they are judged. -#}
    {%- if var('two_tower_split') == 'random' -%}
        ({{ window_number }} >= least({{ cutoff }}, 2) and ({{ cutoff }} <= 2 or {{ window_number }} <> {{ cutoff }} - 1))
    {%- else -%}
        {{ window_number }} >= {{ cutoff }}
    {%- endif -%}
{%- endmacro %}
