{{ config(materialized=two_tower.by_user()) }}
with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

-- the order that decides ties, as a number: text is slow to sort in millions of rows
items as (
    select
        item_id,
        row_number() over (order by {{ two_tower.stable_hash(['item_id']) }} asc) as place
    from splits
    group by item_id
),

weighed as (
    select
        cutoff,
        as_of,
        coalesce(as_of, last_at) as weighed_at
    from cutoffs
),

pairs as (
    select
        weighed.cutoff,
        weighed.as_of,
        weighed.weighed_at,
        splits.user_id,
        splits.item_id,
        items.place,
        count(*) as interactions,
        -- units whose price is known
        sum(if(splits.price = 0, splits.quantity, round(splits.revenue / splits.price, 9))) as quantity,
        sum(splits.revenue) as spend,
        bool_or({{ two_tower.is_recent('splits.window_number', 'weighed.cutoff') }}) as is_recent,
        min(splits.event_at) as first_at,
        max(splits.event_at) as last_at,
        sum({{ two_tower.half_lives(two_tower.days_between('splits.event_at', 'weighed.weighed_at')) }}) as weight
    from splits
    inner join items on splits.item_id = items.item_id
    inner join weighed on {{ two_tower.is_history('splits.window_number', 'weighed.cutoff') }}
    group by all
),

aged as (
    select
        *,
        cast(row_number() over newest_first as integer) as position,
        coalesce(as_of, first_value(last_at) over newest_first) as now_at
    from pairs
    window newest_first as (partition by cutoff, user_id order by last_at desc, interactions desc, place asc)
),

final as (
    select
        cutoff,
        user_id,
        item_id,
        position,
        {{ two_tower.days_between('last_at', 'now_at') }} as days_since_last,
        {{ two_tower.days_between('first_at', 'now_at') }} as days_since_first,
        cast(interactions as double) as interactions,
        -- rounded, because a sum of fractions depends on the order in which threads add them up; 0 would be no event;
        -- of who has been away for a thousand half-lives nothing is left to weigh by
        greatest(coalesce(round(
            weight / nullif({{ two_tower.half_lives(two_tower.days_between('now_at', 'weighed_at')) }}, 0), 9
        ), 1), 1e-9) as recency_weight,
        {{ two_tower.days_between('first_at', 'last_at') }} / greatest(interactions - 1, 1) as interval_days,
        quantity,
        spend,
        is_recent
    from aged
)

select * from final
