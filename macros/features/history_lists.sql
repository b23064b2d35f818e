{% macro history_lists(histories, code) %}
    {#- A user's history as parallel lists, newest item first; the names are inputs of the user tower. The sorted list of structs
        stands in each of them and is made once. -#}
    {%- set columns = {
        'items': code,
        'days': 'cast(' ~ histories ~ '.days_since_last as float)',
        'interactions': 'cast(' ~ histories ~ '.interactions as float)',
        'recency_weights': 'cast(' ~ histories ~ '.recency_weight as float)',
        'intervals': 'cast(' ~ histories ~ '.interval_days as float)',
    } -%}
    {%- for name in columns %}
        [
            history.{{ name }} for history in list_sort(list({
                'position': {{ histories }}.position
                {%- for field, value in columns.items() %}, {{ two_tower.quoted(field) }}: {{ value }}{% endfor %}
            }), 'asc', 'nulls last')
        ] as history_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{% endmacro %}
