{% macro serves_only() %}
    {#- Whether this run makes embeddings with towers that are there already: then the snapshots that only train are not needed. -#}
    {%- set embeddings = ['model.two_tower.item_embeddings', 'model.two_tower.user_embeddings'] -%}
    {%- set serves = selected_resources | select('in', embeddings) | list -%}
    {{ return(serves and 'model.two_tower.training_runs' not in selected_resources) }}
{% endmacro %}
