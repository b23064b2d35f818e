{% macro unfinished_training() %}
    {#- A sentence where the ranker of stage production did not learn with the towers, vocabulary and item weights that are there, as after a
        training that was stopped between them; empty where all belong together, or the ranker does not say. -#}
    {%- set tables = {} -%}
    {%- for name in ['model_registry', 'feature_vocabulary', 'item_weights', 'ranker_registry'] -%}
        {%- do tables.update({name: graph.nodes['model.two_tower.' ~ name].relation_name}) -%}
    {%- endfor -%}
    {%- set rows = run_query(
        "select towers.run_id, rankers.run_id from " ~ tables.model_registry ~ " as towers inner join (from " ~ tables.ranker_registry
        ~ " union all by name select cast(null as varchar) as learned_with where false) as rankers on towers.stage = rankers.stage "
        ~ "where towers.stage = 'production' and rankers.learned_with != " ~ two_tower.learned_with("'production'", tables)
    ).rows -%}
    {{ return(
        'Ranker ' ~ rows[0][1] ~ ' has not learned with towers ' ~ rows[0][0] ~ ', their vocabulary and item weights: a training was stopped half-way.'
        if rows else ''
    ) }}
{% endmacro %}
