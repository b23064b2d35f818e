{% macro serves_only() %}
    {#- Whether this run makes embeddings with towers that are there already: then the cutoffs that only train are not needed. -#}
    {%- set embeddings = ['model.two_tower.item_embeddings', 'model.two_tower.user_embeddings'] -%}
    {%- set learns = ['model.two_tower.training_runs', 'model.two_tower.learning_candidates'] -%}
    {{ return(
        selected_resources | select('in', embeddings) | list | length > 0
        and selected_resources | select('in', learns) | list | length == 0
    ) }}
{% endmacro %}
