with

counted as (
    select item_id, count(*) as users
    from recommendations
    group by item_id
)

select
    (select count(*) from stg_items) as "Items in the catalogue",
    (select count(*) from counted) as "Items shown",
    100.0 * (select count(*) from counted) / nullif((select count(*) from stg_items), 0) as "Shown, % of the catalogue",
    100.0 * (select max(users) from counted) / (select count(*) from recommendations where rank = 1)
        as "See the most shown item, % of users",
    (select count(*) from recommendations) as "Places",
    (select count(*) from recommendations where rank = 1) as "Users"
