{{ config(materialized=two_tower.by_user()) }}
with

lists as (
    select * from {{ ref('two_tower', 'evaluation_lists') }}
),

items as (
    select * from {{ ref('two_tower', 'item_features') }} where cutoff = 1
),

categories as (
    select * from {{ ref('two_tower', 'item_categories') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }} where cutoff = 1
),

list_lengths as (
    {{ two_tower.rows_of('k', var('two_tower_ks')) }}
),

totals as (
    select known_users as n_known_users from {{ ref('two_tower', 'cutoffs') }} where cutoff = 1
),

facts as (
    select
        items.item_id,
        items.users,
        categories.category,
        log2((totals.n_known_users + 1) / (items.users + 1)) as novelty,
        -- the head are the most popular items that make up 80 % of all interactions
        sum(items.interactions) over (order by items.interactions desc, items.item_id asc) - items.interactions
        >= 0.8 * sum(items.interactions) over () as is_long_tail
    from items
    cross join totals
    left join categories on items.item_id = categories.item_id
),

profiles as (
    select histories.user_id, avg(facts.users) as item_users from histories
    inner join facts on histories.item_id = facts.item_id
    group by histories.user_id
),

by_category as (
    select
        lists.model, lists.policy, list_lengths.k, lists.user_id,
        count(*) as n,
        sum(coalesce(facts.users, 0)) as item_users,
        {{ two_tower.exact_sum('facts.novelty') }} as novelty,
        count(*) filter (where facts.is_long_tail) as n_long_tail
    from lists
    inner join list_lengths on lists.rank <= list_lengths.k
    left join facts on lists.item_id = facts.item_id
    group by lists.model, lists.policy, list_lengths.k, lists.user_id, facts.category
),

final as (
    select
        by_category.model,
        by_category.policy,
        cast(by_category.k as integer) as k,
        by_category.user_id,
        sum(by_category.item_users) / sum(by_category.n) as item_users,
        any_value(profiles.item_users) as profile_item_users,
        {{ two_tower.exact_sum('by_category.novelty') }} / sum(by_category.n) as novelty,
        1
        - sum(by_category.n * (by_category.n - 1))
        / nullif(sum(by_category.n) * (sum(by_category.n) - 1), 0) as diversity,
        sum(by_category.n_long_tail) / sum(by_category.n) as long_tail_share
    from by_category
    left join profiles on by_category.user_id = profiles.user_id
    group by all
)

select * from final
