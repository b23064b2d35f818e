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
