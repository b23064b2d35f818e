{{ config(materialized='view') }}

with

segments as (
    select * from {{ two_tower.for_analysts('user_segments') }}
),

-- of whom something is known
embeddings as (
    select
        *,
        cast(embedding as float[]) as vector
    from {{ two_tower.for_analysts('user_embeddings') }}
    where
        horizon = 'production'
        and policy = {{ two_tower.literal(var('two_tower_policy')) }}
        and source != 'nothing'
        and isfinite(list_sum(cast(embedding as float[])))
),

final as (
    select
        segments.user_id,
        segments.segment,
        embeddings.run_id,
        coalesce(embeddings.source, 'popularity') as source,
        -- the others point along the last dimension of item_vectors, the popularity
        {{ two_tower.longer_vector(
            'coalesce(embeddings.vector, list_resize(cast([] as float[]), ' ~ var('two_tower_dim') ~ ', 0))',
            'embeddings.vector is null'
        ) }} as embedding
    from segments
    left join embeddings on segments.user_id = embeddings.user_id
)

select * from final
