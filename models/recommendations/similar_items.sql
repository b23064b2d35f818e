{{ config(post_hook="{{ two_tower.create_similar_to() }}") }}

with

-- lists for what sells; the table macro similar_to() answers for every other item
sold as (
    select item_id from {{ ref('two_tower', 'item_features') }}
    where cutoff = 0 and recent_users >= {{ var('two_tower_min_support') }}
),

items as (
    select
        embeddings.item_id as id,
        embeddings.run_id,
        embeddings.embedding
    from {{ ref('two_tower', 'item_embeddings') }} as embeddings
    inner join sold on embeddings.item_id = sold.item_id
    where embeddings.stage = 'production'
),

offers as (
    select items.*
    from items
    anti join {{ two_tower.unavailable_items() }} as unavailable
        on items.id = unavailable.item_id and unavailable.segment = 'all'
),

neighbours as (
    {{ two_tower.neighbours('items', 'offers', var('two_tower_k')) }}
),

final as (
    select
        neighbours.id as item_id,
        neighbours.rank,
        neighbours.other_id as similar_item_id,
        neighbours.similarity,
        items.run_id
    from neighbours
    inner join items on neighbours.id = items.id
)

select * from final
