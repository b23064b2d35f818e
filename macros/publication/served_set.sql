{% macro served_set() %}
    {#- The set that readers see now, a mapping of the columns of published_set as text; empty before the first publication. -#}
    {{ return(two_tower.operation('published_set', [two_tower.published_file()])) }}
{% endmacro %}


{% macro what_stays() %}
    {#- Sentence about the set that readers go on to see. -#}
    {%- set served = two_tower.served_set() -%}
    {%- if not served -%}
        {{ return('Nothing was published before.') }}
    {%- endif -%}
    {{ return('The lists of ' ~ served.published_at ~ ' (set ' ~ served.set_id ~ ', run ' ~ served.ranker_run_id ~ ') stay.') }}
{% endmacro %}
