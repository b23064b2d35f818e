{#- outside the condition, or the model would not know what it depends on -#}
{%- set user_events, event_types = ref('two_tower', 'user_events'), ref('two_tower', 'event_types') -%}
{%- set is_plain = not two_tower.tells_types_apart() -%}
{{ config(materialized='view' if is_plain else two_tower.by_user()) }}
-- noqa: disable=LT02
-- long lines and branches are Jinja's: what is linted is one rendering of it
with

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

{%- if is_plain %}

final as (
    select
        cutoff,
        user_id,
        item_id,
        position,
        days_since_last,
        interactions,
        interactions as interest,
        recency_weight,
        interval_days
    from histories
)

{%- else %}

weighed as (
    select
        events.cutoff,
        events.user_id,
        events.item_id,
        min(events.days_since_last) as days_since_last,
        sum(events.events * greatest(types.event_weight, 0)) as interest,
        sum(events.recency_weight * greatest(types.event_weight, 0)) as weight,
        sum(events.recency_weight * least(types.event_weight, 0)) as aversion
    from {{ user_events }} as events
    inner join {{ event_types }} as types on events.cutoff = types.cutoff and events.event_type = types.event_type
    group by events.cutoff, events.user_id, events.item_id
),

-- a purchase counts once: what led to it adds nothing
pairs as (
    select
        coalesce(histories.cutoff, weighed.cutoff) as cutoff,
        coalesce(histories.user_id, weighed.user_id) as user_id,
        coalesce(histories.item_id, weighed.item_id) as item_id,
        least(histories.days_since_last, weighed.days_since_last) as days_since_last,
        coalesce(histories.interactions, 0) as interactions,
        coalesce(histories.interval_days, 0) as interval_days,
        coalesce(histories.interactions, round(weighed.interest, 9)) as interest,
        -- rounded, because a sum of fractions depends on the order in which threads add them up
        round(coalesce(histories.recency_weight, weighed.weight) + coalesce(weighed.aversion, 0), 9) as recency_weight
    from histories
    full outer join weighed
        on
            histories.cutoff = weighed.cutoff
            and histories.user_id = weighed.user_id
            and histories.item_id = weighed.item_id
),

final as (
    select
        cutoff,
        user_id,
        item_id,
        case when recency_weight > 0 then cast(
            row_number() over (
                partition by cutoff, user_id, recency_weight > 0
                order by days_since_last asc, interactions desc, {{ two_tower.stable_hash(['item_id']) }} asc
            ) as integer
        ) end as position,
        cast(greatest(days_since_last, 0) as double) as days_since_last,
        cast(interactions as double) as interactions,
        cast(interest as double) as interest,
        cast(recency_weight as double) as recency_weight,
        cast(interval_days as double) as interval_days
    from pairs
)
{%- endif %}

select * from final
