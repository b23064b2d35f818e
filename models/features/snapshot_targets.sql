with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

snapshots as (
    select * from {{ ref('two_tower', 'snapshots') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

targets as (
    select distinct
        snapshots.snapshot,
        splits.user_id,
        splits.item_id
    from snapshots
    inner join splits on splits.bucket = snapshots.snapshot - 1
),

final as (
    select
        targets.snapshot,
        targets.user_id,
        targets.item_id,
        histories.item_id is not null as is_repeat
    from targets
    left join histories
        on
            targets.snapshot = histories.snapshot
            and targets.user_id = histories.user_id
            and targets.item_id = histories.item_id
)

select * from final
