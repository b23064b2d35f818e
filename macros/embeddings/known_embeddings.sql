{% macro known_embeddings(relations, encoder) %}
    {#- Select of what an encoder made of each content already, in those of the relations that are tables of embeddings;
        one row per content, from the first that has it. -#}
    {%- set parts, earlier = [], [] -%}
    {%- for relation in relations if relation -%}
        {%- set columns = two_tower.query_columns(relation) -%}
        {%- if 'content_hash' in columns and 'encoder' in columns -%}
            {#- one row of each content: `distinct on` would hash the vectors, too, and take three times as long #}
            {%- set part -%}
                select content_hash, cast(embedding as float[]) as embedding, problem from {{ relation }}
                where rowid in (
                    select min(rowid) from {{ relation }}
                    where
                        encoder = {{ two_tower.literal(encoder.version) }}
                        and content_hash is not null
                        and (embedding is not null or problem is not null)
                    group by content_hash
                )
                {%- for other in earlier %}
                and content_hash not in (
                    select content_hash from {{ other }}
                    where encoder = {{ two_tower.literal(encoder.version) }} and content_hash is not null
                )
                {%- endfor %}
            {%- endset -%}
            {%- do parts.append(part) -%}
            {%- do earlier.append(relation) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parts | join(' union all ')) }}
{% endmacro %}
