{% macro candidates_by_arrival(stage, n) %}
    {#- CTEs of macro candidates: of what came lately and the user never had, the n best by the towers and the most popular ones. -#}
    arrived as (
        {{ two_tower.arrivals(stage) }}
    ),

    arrived_items as (
        select items.* from items
        semi join arrived on items.item_id = arrived.item_id
    ),

    arrived_by_towers as (
        {{ two_tower.top_k_lists('embedded', 'arrived_items', n, 'known', 'withheld') }}
    ),

    arrived_popular as (
        select popular.segment, popular.item_id from popular
        semi join arrived on popular.item_id = arrived.item_id
        qualify row_number() over (partition by popular.segment order by popular.position asc) <= {{ n }}
    ),

    by_arrival as (
        select user_id, item_id from arrived_by_towers
        union
        select users.user_id, arrived_popular.item_id
        from users
        inner join arrived_popular on users.segment = arrived_popular.segment
        anti join known on users.user_id = known.user_id and arrived_popular.item_id = known.item_id
    ),
{%- endmacro %}
