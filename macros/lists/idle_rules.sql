{% macro idle_rules() %}
    {#- Select of the rules that are about no item or no user there is, a misspelling or what has left the shop: rule_id, name, value, reason.
        They change nothing, so a warning is enough; rules that are over are left out. -#}
    with rules as ({{ two_tower.merchandising_rules() }}),

    items as (select item_id, category from {{ ref('two_tower', 'item_categories') }}),

    segments as (select segment from {{ ref('two_tower', 'user_segments') }})

    select
        rule_id,
        idle.name,
        idle.value,
        idle.reason
    from (
        select
            rule_id,
            case
                when item_id not in (select item_id from items)
                    then {'name': 'item_id', 'value': item_id, 'reason': concat('item_id ''', item_id, ''' is no item')}
                when category not in (select category from items) then {
                    'name': 'category', 'value': category,
                    'reason': concat('category ''', category, ''' is that of no item (var two_tower_category)')
                }
                when item_id is not null and category is not null
                    and not exists (from items where items.item_id = rules.item_id and items.category = rules.category) then {
                        'name': 'category', 'value': category,
                        'reason': concat('item_id ''', item_id, ''' is not of category ''', category, '''')
                    }
                when segment not in (select segment from segments) then {
                    'name': 'segment', 'value': segment,
                    'reason': concat('segment ''', segment, ''' is that of no user (var two_tower_segment)')
                }
            end as idle
        from rules
        where coalesce(valid_until > {{ two_tower.served_at() }}, true)
    )
    where idle is not null
{%- endmacro %}
