{#- How often a type comes before a target of the same user and item is what one event of it counts beside a target. -#}
{%- set few = 20 -%}
{#- what is rated low is refused, unless a weight says otherwise -#}
{%- set weights = {two_tower.low_rating(): -1} if var('two_tower_least_rating') is number else {} -%}
{%- do weights.update(var('two_tower_event_weights')) -%}
-- noqa: disable=LT02,LT05,AL05
-- long lines and branches are Jinja's: what is linted is one rendering of it
with

events as (
    select * from {{ ref('two_tower', 'user_events') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

counted as (
    select
        events.cutoff,
        events.event_type,
        sum(events.events) as events,
        count(distinct events.user_id) as users,
        count(*) as pairs,
        -- without an order in time, whatever the user had counts as had later
        count(*) filter (where {{ 'histories.user_id is not null' if var('two_tower_split') == 'random'
            else 'histories.days_since_last <= events.days_since_first' }}) as targets
    from events
    left join histories
        on
            events.cutoff = histories.cutoff
            and events.user_id = histories.user_id
            and events.item_id = histories.item_id
    group by events.cutoff, events.event_type
),

given as (
    select * from (
        values
        {%- for event_type, weight in weights.items() %}
            ({{ two_tower.literal(event_type) }}, cast({{ weight }} as double)),
        {%- endfor %}
            (null, null)
    ) as weights (event_type, weight)
),

final as (
    select
        counted.cutoff,
        counted.event_type,
        counted.events,
        counted.users,
        counted.pairs,
        counted.targets,
        given.weight is not null as is_given,
        coalesce(given.weight, (counted.targets + 1) / (counted.pairs + {{ few }})) as event_weight
    from counted
    left join given on counted.event_type = given.event_type
)

select * from final
