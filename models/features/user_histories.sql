with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

snapshots as (
    select * from {{ ref('two_tower', 'snapshots') }}
),

snapshots_weighed as (
    select
        snapshots.*,
        coalesce(snapshots.as_of, ends.end_at) as weighed_at
    from snapshots
    cross join (select max(event_at) as end_at from splits) as ends
),

pairs as (
    select
        snapshots.snapshot,
        snapshots.as_of,
        snapshots.weighed_at,
        splits.user_id,
        splits.item_id,
        count(*) as interactions,
        sum(splits.quantity) as quantity,
        sum(splits.price * splits.quantity) as spend,
        bool_or({{ two_tower.is_recent('splits.bucket', 'snapshots.snapshot') }}) as is_recent,
        min(splits.event_at) as first_at,
        max(splits.event_at) as last_at,
        sum({{ two_tower.half_lives(two_tower.days_between('splits.event_at', 'snapshots.weighed_at')) }}) as weight
    from snapshots_weighed as snapshots
    inner join splits on {{ two_tower.is_history('splits.bucket', 'snapshots.snapshot') }}
    group by all
),

aged as (
    select
        *,
        coalesce(as_of, max(last_at) over (partition by snapshot, user_id)) as now_at
    from pairs
),

final as (
    select
        snapshot,
        user_id,
        item_id,
        cast(
            row_number() over (
                partition by snapshot, user_id
                order by last_at desc, interactions desc, {{ two_tower.stable_hash(['item_id']) }}
            ) as integer
        ) as position,
        {{ two_tower.days_between('last_at', 'now_at') }} as days_since_last,
        {{ two_tower.days_between('first_at', 'now_at') }} as days_since_first,
        cast(interactions as double) as interactions,
        cast(weight / {{ two_tower.half_lives(two_tower.days_between('now_at', 'weighed_at')) }} as double) as recency_weight,
        {{ two_tower.days_between('first_at', 'last_at') }} / greatest(interactions - 1, 1) as interval_days,
        quantity,
        spend,
        is_recent
    from aged
)

select * from final
