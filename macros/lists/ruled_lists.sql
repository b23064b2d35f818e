{% macro ruled_lists() %}
    {#- Select of the published lists with pins, boosts, burials and caps. Unavailable and excluded items are no candidates. -#}
    {%- set caps = var('two_tower_caps') -%}
    with

    ruled_ranked as (
        select * from {{ ref('two_tower', 'ranked_candidates') }}
        where rank <= {{ [var('two_tower_rank_depth') | int, var('two_tower_k') | int] | max }} or (rank > 0 and list_contains(found_by, 'rules'))
    ),

    ruled_scales as (
        -- strength 1 is the distance in worth between the first and the last of the user's own ranking
        select
            user_id,
            coalesce(nullif(max(worth) - min(worth), 0), 1) as scale
        from ruled_ranked
        where rank <= {{ var('two_tower_rank_depth') }}
        group by user_id
    ),

    ruled_rules as (
        select
            segments.segment,
            rules.* exclude (segment)
        from {{ ref('two_tower', 'active_rules') }} as rules
        inner join (select distinct segment from ruled_ranked) as segments
            on coalesce(rules.segment, segments.segment) = segments.segment
        where rules.action != 'exclude'
    ),

    ruled_boosts as (
        select
            segment,
            item_id,
            round(sum(case action when 'boost' then strength else -strength end), 9) as amount,
            list(rule_id order by rule_id asc) as rule_ids
        from ruled_rules
        where action != 'pin'
        group by segment, item_id
    ),

    {{ two_tower.rule_pins('ruled_ranked', 'ruled_rules') }}

    ruled_kinds as (
        {{ two_tower.kinds_of_items(caps.keys() | list) }}
    ),

    ruled_scored as (
        select
            ranked.*,
            coalesce(boosts.amount, 0) * scales.scale as boost,
            boosts.rule_ids,
            pins.place as pin_place,
            pins.rule_id as pin_id,
            kinds.kinds
        from ruled_ranked as ranked
        inner join ruled_scales as scales on ranked.user_id = scales.user_id
        inner join ruled_kinds as kinds on ranked.item_id = kinds.item_id
        left join ruled_boosts as boosts on ranked.segment = boosts.segment and ranked.item_id = boosts.item_id
        left join ruled_pins as pins on ranked.user_id = pins.user_id and ranked.item_id = pins.item_id
    ),

    ruled_numbered as (
        {{ two_tower.with_places('ruled_scored', ['user_id'], 'worth + boost desc, rank asc') }}
    ),

    ruled_chosen as (
        select
            user_id,
            unnest(chosen) as place,
            generate_subscripts(chosen, 1) as rank
        from (
            select
                user_id,
                cap_and_pin(
                    list(cast(pin_place as integer) order by place asc), list(kinds order by place asc), {{ var('two_tower_k') }},
                    cast({{ caps.values() | list }} as integer[])
                ) as chosen
            from ruled_numbered
            group by user_id
        )
    )

    select
        numbered.user_id,
        cast(chosen.rank as integer) as rank,
        numbered.item_id,
        numbered.score,
        numbered.worth,
        numbered.boost,
        case when numbered.rank <= {{ var('two_tower_rank_depth') }} then numbered.rank end as model_rank,
        list_filter(
            list_concat([numbered.pin_id], coalesce(numbered.rule_ids, [])), lambda rule_id: rule_id is not null
        ) as applied_rules,
        numbered.is_repeat,
        numbered.run_id,
        numbered.source
    from ruled_chosen as chosen
    inner join ruled_numbered as numbered on chosen.user_id = numbered.user_id and chosen.place = numbered.place
{%- endmacro %}


{% macro rule_pins(ranked, rules) %}
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
            ranked.user_id,
            min_by(pins.item_id, pins.rule_id) as item_id,
            pins.place,
            min(pins.rule_id) as rule_id
        from {{ ranked }} as ranked
        inner join ruled_pins_of_items as pins on ranked.segment = pins.segment and ranked.item_id = pins.item_id
        group by ranked.user_id, pins.place
    ),
{%- endmacro %}
