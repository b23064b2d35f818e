{% macro embedding_parts(relation, id) %}
    {#- Select of the parts of the embeddings of a relation as lists, by which dot products are told part by part. Each begins with a 0, so that
        a part that is not there gives 0. Reads CTE `runs`. -#}
    select
        vectors.{{ id }},
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
{%- endmacro %}
