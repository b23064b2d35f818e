-- no list holds what is not available to the user's segment or excluded for the user
with

lists as (
    select
        'recommendations' as list,
        user_id,
        item_id
    from {{ ref('two_tower', 'recommendations') }}
    union all
    select
        'recommendations_by_category' as list,
        user_id,
        item_id
    from {{ ref('two_tower', 'recommendations_by_category') }}
    union all
    select
        'item_audiences' as list,
        user_id,
        item_id
    from {{ ref('two_tower', 'item_audiences') }}
    union all
    select
        'buy_again' as list,
        user_id,
        item_id
    from {{ ref('two_tower', 'buy_again') }}
),

unavailable as (
    select * from {{ two_tower.unavailable_items() }}
),

excluded as (
    select * from {{ ref('two_tower', 'excluded_items') }}
),

validation_errors as (
    select
        lists.*,
        coalesce(unavailable.reason, excluded.reason) as reason
    from lists
    inner join {{ ref('two_tower', 'user_segments') }} as segments on lists.user_id = segments.user_id
    left join unavailable
        on
            segments.segment = unavailable.segment
            and lists.item_id = unavailable.item_id
    left join excluded
        on
            lists.user_id = excluded.user_id
            and lists.item_id = excluded.item_id
            -- buy_again is of what the user had
            and (lists.list != 'buy_again' or excluded.reason != 'had before')
)

select * from validation_errors
where reason is not null
