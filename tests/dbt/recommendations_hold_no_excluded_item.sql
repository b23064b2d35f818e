-- with policy `new` nobody is recommended what they had, neither in the shop nor in the evaluation
with

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

lists as (
    select
        'production' as horizon,
        0 as snapshot,
        user_id,
        item_id
    from {{ ref('two_tower', 'recommendations') }}
    where {{ var('two_tower_policy') == 'new' }}
    union all
    select
        'evaluation' as horizon,
        1 as snapshot,
        user_id,
        item_id
    from {{ ref('two_tower', 'evaluation_recommendations') }}
    where policy = 'new'
),

validation_errors as (
    select lists.*
    from lists
    semi join histories
        on
            lists.snapshot = histories.snapshot
            and lists.user_id = histories.user_id
            and lists.item_id = histories.item_id
)

select * from validation_errors
