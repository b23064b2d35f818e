{{ config(materialized='view') }}

with

embeddings as (
    select * from {{ two_tower.for_analysts('item_embeddings') }}
    where horizon = 'production'
),

features as (
    select * from {{ two_tower.for_analysts('item_features') }}
    where snapshot = 0
),

popularity as (
    {{ two_tower.popular_items('features', ['recent_users', 'users']) }}
),

final as (
    select
        embeddings.item_id,
        embeddings.run_id,
        popularity.position as popularity_rank,
        {{ two_tower.longer_vector('embeddings.embedding', '-popularity.position') }} as embedding
    from embeddings
    inner join popularity on embeddings.item_id = popularity.item_id
)

select * from final
