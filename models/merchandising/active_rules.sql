{{ config(pre_hook="{{ two_tower.check_rules() }}") }}
-- depends_on: {{ ref('two_tower', 'user_segments') }}
with

rules as (
    {{ two_tower.merchandising_rules(is_checked=true) }}
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
        categories.item_label,
        rules.position,
        rules.strength
    from rules
    inner join categories
        on
            coalesce(rules.item_id, categories.item_id) = categories.item_id
            and coalesce(rules.category, categories.category) = categories.category
    where {{ two_tower.in_force('rules.valid_from', 'rules.valid_until', two_tower.served_at()) }}
)

select * from final
