{% macro is_history(bucket, snapshot) %}
    {#- Whether an interaction is known at a snapshot. Time and last-event splits know everything older than the snapshot;
        the random split has no before and after, so it knows every fold but the one to predict, and never the test fold: snapshots
        that teach have the validation fold in their histories, not among what they predict. -#}
    {%- if var('two_tower_split') == 'random' -%}
        ({{ snapshot }} = 0 or ({{ bucket }} > 0 and {{ bucket }} <> {{ snapshot }} - 1))
    {%- else -%}
        {{ bucket }} >= {{ snapshot }}
    {%- endif -%}
{% endmacro %}
