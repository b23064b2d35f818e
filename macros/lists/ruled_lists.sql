{% macro ruled_lists() %}
    {#- Select of the published lists with pins, boosts, burials and caps. Unavailable and excluded items never come in. -#}
    with

    ruled_scales as (
        -- strength 1 is the distance between the first and the last of the user's own ranking
        select
            user_id,
            coalesce(nullif(max(score) - min(score), 0), 1) as scale
        from {{ ref('two_tower', 'model_rankings') }}
        group by user_id
    ),

    ruled_users as (
        select
            vectors.*,
            ruled_scales.scale
        from {{ ref('two_tower', 'user_vectors') }} as vectors
        inner join ruled_scales on vectors.user_id = ruled_scales.user_id
    ),

    ruled_rules as (
        select
            segments.segment,
            rules.* exclude (segment)
        from {{ ref('two_tower', 'active_rules') }} as rules
        inner join (select distinct segment from ruled_users) as segments
            on coalesce(rules.segment, segments.segment) = segments.segment
        anti join {{ ref('two_tower', 'unavailable_items') }} as unavailable
            on segments.segment = unavailable.segment and rules.item_id = unavailable.item_id
        where rules.action != 'exclude'
    ),

    ruled_boosts as (
        select
            segment,
            item_id,
            sum(case action when 'boost' then strength else -strength end) as amount,
            list(rule_id order by rule_id asc) as rule_ids
        from ruled_rules
        where action != 'pin'
        group by segment, item_id
    ),

    {{ two_tower.rule_pins('ruled_users', 'ruled_rules') }}

    ruled_adjustments as (
        select segment, item_id, amount from ruled_boosts
        union all
        select segment, item_id, '-infinity' from {{ ref('two_tower', 'unavailable_items') }}
    ),

    ruled_items as (
        {{ two_tower.items_with_kinds(var('two_tower_caps').keys() | list) }}
    ),

    ruled_ranked as (
        {{ two_tower.top_k_lists(
            'ruled_users', 'ruled_items', var('two_tower_k'), ref('two_tower', 'excluded_items'), 'ruled_adjustments',
            pins='ruled_pins', caps=var('two_tower_caps').values() | list
        ) }}
    )

    select
        ranked.user_id,
        ranked.rank,
        ranked.item_id,
        ranked.score - coalesce(boosts.amount, 0) * users.scale as score,
        coalesce(boosts.amount, 0) * users.scale as boost,
        rankings.model_rank,
        list_filter(
            list_concat([pins.rule_id], coalesce(boosts.rule_ids, [])), lambda rule_id: rule_id is not null
        ) as applied_rules,
        users.run_id,
        users.source
    from ruled_ranked as ranked
    inner join ruled_users as users on ranked.user_id = users.user_id
    left join ruled_boosts as boosts on users.segment = boosts.segment and ranked.item_id = boosts.item_id
    left join ruled_pins as pins on ranked.user_id = pins.user_id and ranked.item_id = pins.item_id
    left join {{ ref('two_tower', 'model_rankings') }} as rankings
        on ranked.user_id = rankings.user_id and ranked.item_id = rankings.item_id
{%- endmacro %}


{% macro rule_pins(users, rules) %}
    {#- CTEs: the pins of each user, at most one per place and one per item, of those that the user may be shown; the rule_id
        decides between several. -#}
    ruled_pins_of_items as (
        select
            segment,
            item_id,
            min(position) as place,
            min_by(rule_id, (position, rule_id)) as rule_id
        from {{ rules }}
        where action = 'pin'
        group by segment, item_id
    ),

    ruled_pins as (
        select
            users.user_id,
            min_by(pins.item_id, pins.rule_id) as item_id,
            pins.place,
            min(pins.rule_id) as rule_id
        from {{ users }} as users
        inner join ruled_pins_of_items as pins on users.segment = pins.segment
        anti join {{ ref('two_tower', 'excluded_items') }} as excluded
            on users.user_id = excluded.user_id and pins.item_id = excluded.item_id
        group by users.user_id, pins.place
    ),
{%- endmacro %}
