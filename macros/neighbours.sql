{% macro neighbours(vectors, others, k) %}
    {#- Select of the k nearest `others` of each vector by cosine, itself left out: id, rank, other_id, similarity. Both are names
        of CTEs with id, embedding. -#}
    with

    neighbour_seekers as (
        select
            id as user_id,
            {{ two_tower.unit_vector('embedding') }} as embedding
        from {{ vectors }}
    ),

    neighbour_offers as (
        select
            id as item_id,
            {{ two_tower.unit_vector('embedding') }} as embedding
        from {{ others }}
    ),

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
