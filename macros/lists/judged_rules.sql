{% macro judged_rules(is_checked=false) %}
    {#- Select of all rules, each with why it cannot be followed, a struct of name, value and reason; NULL where it can. -#}
    select
        *,
        case
            when rule_id is null then {'name': 'rule_id', 'value': null::varchar, 'reason': 'rule_id is missing'}
            when count(*) over (partition by rule_id) > 1
                then {'name': 'rule_id', 'value': rule_id, 'reason': 'rule_id is used more than once'}
            when action is null or action not in ('pin', 'boost', 'bury', 'exclude') then {
                'name': 'action', 'value': action,
                'reason': concat('action is ''', action, '''; it may be pin, boost, bury or exclude')
            }
            when item_id is null and category is null
                then {'name': 'item_id', 'value': item_id, 'reason': 'neither item_id nor category is given'}
            when action = 'pin' and item_id is null
                then {'name': 'item_id', 'value': item_id, 'reason': 'a pin needs an item_id'}
            when action = 'pin' and coalesce(position, 0) not between 1 and {{ var('two_tower_k') }} then {
                'name': 'position', 'value': cast(position as varchar),
                'reason': concat(
                    'position is ', coalesce(cast(position as varchar), 'missing'),
                    '; a pin needs 1 to {{ var('two_tower_k') }} (var two_tower_k)'
                )
            }
            when action in ('boost', 'bury') and coalesce(strength, 0) <= 0 then {
                'name': 'strength', 'value': cast(strength as varchar),
                'reason': concat(
                    'strength is ', coalesce(cast(strength as varchar), 'missing'), '; a ', action, ' needs more than 0'
                )
            }
            when valid_until <= valid_from then {
                'name': 'valid_until', 'value': cast(valid_until as varchar), 'reason': 'valid_until is not after valid_from'
            }
        end as malformed
    from ({{ two_tower.input_rows('merchandising_rules', is_checked) }})
{%- endmacro %}
