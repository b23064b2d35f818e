{% macro buy_again(stage) %}
    {#- Select of what users had more than once, by the ranker's chance that they have it again within the next window: user_id, rank,
        item_id, score, purchases, interval_days, days_since_last, due_on. -#}
    with

    events as (
        {{ two_tower.known_events(stage) }}
    ),

    nobody as (
        {{ two_tower.outsized_ids('events', 'user_id') }}
    ),

    histories as (
        {{ two_tower.purchases('events') }}
    ),

    chances as (
        {{ two_tower.chances(stage) }}
    )

    select
        histories.user_id,
        cast(
            row_number() over (
                partition by histories.user_id
                order by chances.chance desc, {{ two_tower.stable_hash(['histories.item_id']) }} asc
            ) as integer
        ) as rank,
        histories.item_id,
        chances.chance as score,
        histories.purchases,
        histories.interval_days,
        histories.days_since_last,
        cast(histories.last_at + to_seconds(histories.interval_days * 86400) as date) as due_on
    from histories
    inner join chances on histories.user_id = chances.user_id and histories.item_id = chances.item_id
    anti join nobody on histories.user_id = nobody.id
    where histories.purchases > 1
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
