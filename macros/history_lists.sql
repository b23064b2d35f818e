{% macro history_lists(histories, code) %}
    {#- A user's history as parallel lists, newest item first; the names are inputs of the user tower. -#}
        list({{ code }} order by {{ histories }}.position) as history_items,
        list(cast({{ histories }}.days_since_last as float) order by {{ histories }}.position) as history_days,
        list(cast({{ histories }}.interactions as float) order by {{ histories }}.position) as history_interactions,
        list(cast({{ histories }}.recency_weight as float) order by {{ histories }}.position) as history_weights,
        list(cast({{ histories }}.interval_days as float) order by {{ histories }}.position) as history_intervals
{% endmacro %}
