{% macro neighbours(vectors, others, k) %}
    {#- Select of the k nearest `others` of each vector by cosine, itself left out: id, rank, other_id, similarity. Both are names
        of CTEs with id, embedding. -#}
    with

    {%- for name, relation, key in [('seekers', vectors, 'user_id'), ('offers', others, 'item_id')] %}

    neighbour_{{ name }} as (
        select
            id as {{ key }},
            cast(
                list_transform(cast(embedding as float[]), lambda x: x / length) as float[{{ var('two_tower_dim') }}]
            ) as embedding
        from (
            -- a column: the lambda would work it out again for every number
            select
                *,
                greatest(sqrt(array_inner_product(embedding, embedding)), 1e-12) as length
            from {{ relation }}
        )
    ),
    {%- endfor %}

    neighbour_selves as (
        select
            user_id,
            user_id as item_id
        from neighbour_seekers
    ),

    neighbours_found as (
        {{ two_tower.top_k_lists('neighbour_seekers', 'neighbour_offers', k, 'neighbour_selves') }}
    )

    select
        user_id as id,
        rank,
        item_id as other_id,
        score as similarity
    from neighbours_found
{%- endmacro %}
