with

shown as (
    select categories.category, sum(lists.places) as places, count(*) as items
    from (select item_id, count(*) as places from recommendations group by 1) as lists
    inner join item_categories as categories on lists.item_id = categories.item_id
    group by 1
),

bought as (
    select categories.category, sum(features.recent_users) as buyers, count(*) as items
    from item_features as features
    inner join item_categories as categories on features.item_id = categories.item_id
    where features.cutoff = 0
    group by 1
)

select
    bought.category as "Category",
    100.0 * coalesce(shown.places, 0) / (select count(*) from recommendations) as "Places %",
    100.0 * bought.buyers / nullif((select sum(buyers) from bought), 0) as "Recent sales %",
    bought.items as "Items",
    coalesce(shown.items, 0) as "Items shown"
from bought
left join shown on bought.category = shown.category
order by 2 desc, 3 desc, 1
limit 15
