{% macro candidates_by_events(name, events, unwanted, is_wanted) %}
    {#- CTE `name` of macro candidates: items of the CTE `events` that are not in the CTE `unwanted`; none unless is_wanted. -#}
    {{ name }} as (
        select
            events.user_id,
            events.item_id
        from {{ events }} as events
        inner join users on events.user_id = users.user_id
        anti join {{ unwanted }} as unwanted on events.user_id = unwanted.user_id and events.item_id = unwanted.item_id
        anti join withheld on users.segment = withheld.segment and events.item_id = withheld.item_id
        where events.position <= {{ var('two_tower_history_length') if is_wanted else 0 }}
    ),
{%- endmacro %}
