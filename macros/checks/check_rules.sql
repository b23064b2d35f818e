{% macro check_rules() %}
    {#- Pre-hook of active_rules: stops at the first rule that cannot be followed, and says which and why. -#}
    {%- if execute and var('two_tower_merchandising_rules') -%}
        {%- set wrong = run_query(
            "with rules as (" ~ two_tower.merchandising_rules() ~ "), problems as (select rule_id, case
                when rule_id is null then 'rule_id is missing'
                when count(*) over (partition by rule_id) > 1 then 'rule_id is used more than once'
                when action is null or action not in ('pin', 'boost', 'bury', 'exclude')
                    then concat('action is ''', action, '''; it may be pin, boost, bury or exclude')
                when item_id is null and category is null then 'neither item_id nor category is given'
                when action = 'pin' and item_id is null then 'a pin needs an item_id'
                when action = 'pin' and coalesce(position, 0) not between 1 and " ~ var('two_tower_k') ~ "
                    then concat('position is ', coalesce(cast(position as varchar), 'missing'), '; a pin needs 1 to "
            ~ var('two_tower_k') ~ " (var two_tower_k)')
                when action in ('boost', 'bury') and coalesce(strength, 0) <= 0
                    then concat('strength is ', coalesce(cast(strength as varchar), 'missing'), '; a ', action,
                        ' needs more than 0')
                when valid_until <= valid_from then 'valid_until is not after valid_from'
            end as problem from rules)
            select * from problems where problem is not null order by rule_id asc limit 1"
        ).rows -%}
        {%- if wrong -%}
            {%- do two_tower.input_error(
                var('two_tower_merchandising_rules') ~ ", rule '" ~ wrong[0][0] ~ "'", wrong[0][1] ~ '.', 'correct the rule.'
            ) -%}
        {%- endif -%}
        {%- do two_tower.warn_of_idle_rules() -%}
    {%- endif -%}
{% endmacro %}
