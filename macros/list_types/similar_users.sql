{% macro similar_users(stage) %}
    {#- Select of the users nearest to each user by the cosine of their embeddings: user_id, rank, similar_user_id, similarity, run_id. -#}
    with

    users as (
        select
            user_id as id,
            run_id,
            embedding
        from {{ ref('two_tower', 'user_embeddings') }}
        where stage = {{ two_tower.literal(stage) }} and source = 'history'
    ),

    neighbours as (
        {{ two_tower.neighbours('users', 'users', var('two_tower_k')) }}
    )

    select
        neighbours.id as user_id,
        neighbours.rank,
        neighbours.other_id as similar_user_id,
        neighbours.similarity,
        users.run_id
    from neighbours
    inner join users on neighbours.id = users.id
{%- endmacro %}
