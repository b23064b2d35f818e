{{ config(materialized=two_tower.by_user()) }}
with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

targets as (
    select distinct
        cutoffs.cutoff,
        splits.user_id,
        splits.item_id
    from cutoffs
    inner join splits on splits.window_number = cutoffs.cutoff - 1
),

final as (
    select
        targets.cutoff,
        targets.user_id,
        targets.item_id,
        histories.item_id is not null as is_repeat
    from targets
    left join histories
        on
            targets.cutoff = histories.cutoff
            and targets.user_id = histories.user_id
            and targets.item_id = histories.item_id
)

select * from final
