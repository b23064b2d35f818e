{% macro embedded(registry, artifact, row) %}
    {#- SQL of a row through a tower or ranker: `registry` is the alias of a row of model_registry or ranker_registry, `artifact` its column
        with the file, relative to var two_tower_model_dir, `row` the alias of what goes in. The file must be the registry's. -#}
    embed(
        concat({{ two_tower.literal(two_tower.setting('two_tower_model_dir')) }}, '/', {{ registry }}.{{ artifact }}),
        {{ row }},
        {{ two_tower.literal(artifact.split('_')[0]) }},
        {{ registry }}.run_id,
        {{ registry }}.{{ artifact }}_sha256
    )
{%- endmacro %}
