{% macro candidates_by_popularity(n) %}
    {#- CTEs of macro candidates: the order of popularity by segment, and the n most popular items that the user never had. A user without a
        history gets all to which group_lifts has anything to say. -#}
    {%- set group_columns = two_tower.feature_columns('stg_users', ['user_id']) -%}
    {%- set n_of_new_users = [n, 200] | max if group_columns else n -%}
    catalogue as (
        select features.*
        from {{ ref('two_tower', 'item_features') }} as features
        inner join stage on features.cutoff = stage.cutoff
    ),

    popularity as (
        {{ two_tower.popular_items('catalogue', ['recent_users', 'users']) }}
    ),

    popular as (
        select
            segments.segment,
            popularity.item_id,
            row_number() over (partition by segments.segment order by popularity.position asc) as position
        from popularity
        cross join (select distinct segment from users) as segments
        anti join withheld on segments.segment = withheld.segment and popularity.item_id = withheld.item_id
    ),

    -- no user needs more than the first n beside what is known of them
    depths as (
        select
            users.user_id,
            users.segment,
            case when count(seen.item_id) = 0 then {{ n_of_new_users }} else {{ n }} end as n,
            count(known.item_id) as known_items
        from users
        left join known on users.user_id = known.user_id
        left join seen on known.user_id = seen.user_id and known.item_id = seen.item_id
        group by users.user_id, users.segment
    ),

    by_popularity as (
        select
            depths.user_id,
            popular.item_id
        from depths
        inner join popular on depths.segment = popular.segment and popular.position <= depths.known_items + depths.n
        anti join known on depths.user_id = known.user_id and popular.item_id = known.item_id
        qualify row_number() over (partition by depths.user_id order by popular.position asc) <= depths.n
    ),
{%- endmacro %}
