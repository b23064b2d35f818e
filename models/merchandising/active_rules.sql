{{ config(pre_hook="{{ two_tower.check_rules() }}") }}
with

rules as (
    {{ two_tower.merchandising_rules() }}
),

clock as (
    select {{ two_tower.end_of_data() }} as now_at from {{ ref('two_tower', 'interaction_splits') }}
),

categories as (
    select * from {{ ref('two_tower', 'item_categories') }}
),

final as (
    select
        rules.rule_id,
        rules.action,
        rules.segment,
        categories.item_id,
        rules.position,
        rules.strength
    from rules
    cross join clock
    inner join categories
        on
            coalesce(rules.item_id, categories.item_id) = categories.item_id
            and coalesce(rules.category, categories.category) = categories.category
    where {{ two_tower.in_force('rules.valid_from', 'rules.valid_until', 'clock.now_at') }}
)

select * from final
