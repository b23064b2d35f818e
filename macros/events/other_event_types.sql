{% macro other_event_types() %}
    {#- The types of events that are no targets, in small letters as columns are told apart by, the most frequent sixteen: each has signals
        of its own. -#}
    {%- set types = [] -%}
    {%- if two_tower.tells_types_apart() -%}
        {#- outside the condition, or the model would not know that it depends on it -#}
        {%- set relation = ref('two_tower', 'event_types') -%}
        {%- if execute and load_relation(relation) -%}
            {%- for row in run_query(
                'select lower(event_type) as name, sum(events) from ' ~ relation ~ ' where cutoff = 0 group by name order by 2 desc, 1 asc limit 16'
            ).rows -%}
                {%- do types.append(row[0]) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(types) }}
{%- endmacro %}
