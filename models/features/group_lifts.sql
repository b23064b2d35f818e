{#- Of the most popular items and the most common values only: others say little, and would be many. -#}
{%- set items, values = 200, 100 -%}
with

user_values as (
    select * from {{ ref('two_tower', 'user_values') }}
),

histories as (
    select
        histories.cutoff,
        histories.user_id,
        histories.item_id
    from {{ ref('two_tower', 'user_histories') }} as histories
    inner join {{ ref('two_tower', 'stages') }} as stages on histories.cutoff = stages.cutoff
    where histories.is_recent
),

popular as (
    select
        cutoff,
        item_id
    from {{ ref('two_tower', 'item_features') }}
    where recent_users > 0
    qualify
        row_number() over (
            partition by cutoff
            order by recent_users desc, {{ two_tower.stable_hash(['item_id']) }} asc, item_id asc
        ) <= {{ items }}
),

-- users of a value that had anything lately, for values of few
groups as (
    select
        histories.cutoff,
        user_values.feature,
        user_values.value,
        count(distinct histories.user_id) as members
    from histories
    inner join user_values on histories.user_id = user_values.user_id
    group by histories.cutoff, user_values.feature, user_values.value
    qualify
        row_number() over (
            partition by histories.cutoff, user_values.feature
            order by members desc, user_values.value asc
        ) <= {{ values }}
),

taken as (
    select
        groups.cutoff,
        groups.feature,
        groups.value,
        histories.item_id,
        count(*) as users
    from groups
    inner join user_values on groups.feature = user_values.feature and groups.value = user_values.value
    inner join histories on groups.cutoff = histories.cutoff and user_values.user_id = histories.user_id
    semi join popular on histories.cutoff = popular.cutoff and histories.item_id = popular.item_id
    group by groups.cutoff, groups.feature, groups.value, histories.item_id
),

totals as (
    select
        cutoff,
        feature,
        sum(members) as members
    from groups
    group by cutoff, feature
),

by_value as (
    select
        cutoff,
        feature,
        value,
        sum(users) as users,
        sum(sum(users)) over (partition by cutoff, feature) as all_users
    from taken
    group by cutoff, feature, value
),

by_item as (
    select
        cutoff,
        feature,
        item_id,
        sum(users) as users
    from taken
    group by cutoff, feature, item_id
),

-- as many as of everybody, for a group that takes as much as this one does
expected as (
    select
        by_value.cutoff,
        by_value.feature,
        by_value.value,
        by_item.item_id,
        coalesce(taken.users, 0) as users,
        by_value.users * by_item.users / by_value.all_users as expected_users,
        (1 - by_item.users / (totals.members + 1)) * (1 - by_value.users / by_value.all_users) as randomness
    from by_value
    inner join by_item on by_value.cutoff = by_item.cutoff and by_value.feature = by_item.feature
    inner join totals on by_value.cutoff = totals.cutoff and by_value.feature = totals.feature
    left join taken
        on
            by_value.cutoff = taken.cutoff
            and by_value.feature = taken.feature
            and by_value.value = taken.value
            and by_item.item_id = taken.item_id
),

-- how much groups differ beyond chance: the variance of the lifts, by moments
differences as (
    select
        cutoff,
        feature,
        round(
            sum(power(users - expected_users, 2) - expected_users * randomness) / sum(power(expected_users, 2)), 9
        ) as variance
    from expected
    group by cutoff, feature
),

final as (
    select
        expected.cutoff,
        expected.feature,
        expected.value,
        expected.item_id,
        cast(expected.users as double) as users,
        cast(expected.expected_users as double) as expected_users,
        cast(
            (expected.users + 1 / differences.variance) / (expected.expected_users + 1 / differences.variance) as double
        ) as lift
    from expected
    inner join differences
        on expected.cutoff = differences.cutoff and expected.feature = differences.feature
    where differences.variance > 0
)

select * from final
