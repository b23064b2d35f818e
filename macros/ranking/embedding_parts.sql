{% macro embedding_parts(stage) %}
    {#- CTEs of macro candidates: the parts of the embeddings as lists, by which dot products are told part by part. They are cut once per user and
        item, since each pair would cut both of its embeddings. Each begins with a 0, so that a part that is not there gives 0. -#}
    runs as (
        select * from {{ ref('two_tower', 'model_registry') }} where stage = {{ two_tower.literal(stage) }}
    ),

    {% for entity, relation in [('user', 'embedded'), ('item', 'items')] -%}
    {{ entity }}_parts as (
        select
            vectors.{{ entity }}_id,
            {%- for name, first, last in [
                ('sequence', '1', 'runs.sequence_dim'), ('factors', 'runs.sequence_dim + 1', 'runs.sequence_dim + runs.factors_dim'),
                ('features', 'runs.sequence_dim + runs.factors_dim + 1', 'runs.dim')
            ] %}
            case when vectors.embedding is not null then
                list_concat([cast(0 as float)], cast(vectors.embedding as float[])[{{ first }}:{{ last }}])
            end as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }} as vectors
        cross join runs
        where vectors.{{ entity }}_id in (select told.{{ entity }}_id from told)
    ){{ ',' if not loop.last }}

    {% endfor -%}
{%- endmacro %}
