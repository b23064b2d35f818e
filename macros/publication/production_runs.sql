{% macro production_runs() %}
    {#- Runs of the towers and of the ranker of stage production. -#}
    {%- set rows = run_query(
        "select towers.run_id, rankers.run_id from " ~ graph.nodes['model.two_tower.model_registry'].relation_name ~ " as towers inner join "
        ~ graph.nodes['model.two_tower.ranker_registry'].relation_name ~ " as rankers on towers.stage = rankers.stage where towers.stage = 'production'"
    ).rows -%}
    {{ return(rows[0].values() if rows else []) }}
{% endmacro %}
