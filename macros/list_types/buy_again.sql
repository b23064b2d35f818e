{% macro buy_again(stage) %}
    {#- Select of what users had more than once, by the ranker's chance that they have it again within the next window: user_id, rank,
        item_id, score, purchases, interval_days, days_since_last, due_on. -#}
    with

    repeats as (
        {%- if stage == 'production' %}
        select * from {{ ref('two_tower', 'repeat_purchases') }}
        {%- else %}
        {{ two_tower.repeat_purchases(stage) }}
        {%- endif %}
    ),

    chances as (
        {{ two_tower.chances(stage) }}
    )

    select
        repeats.user_id,
        cast(
            row_number() over (
                partition by repeats.user_id
                order by chances.chance desc, {{ two_tower.stable_hash(['repeats.item_id']) }} asc
            ) as integer
        ) as rank,
        repeats.item_id,
        chances.chance as score,
        repeats.purchases,
        repeats.interval_days,
        repeats.days_since_last,
        repeats.due_on
    from repeats
    inner join chances on repeats.user_id = chances.user_id and repeats.item_id = chances.item_id
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
