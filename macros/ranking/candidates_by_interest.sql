{% macro candidates_by_interest() %}
    {#- CTE of macro candidates: what the user turned to by events that are no targets, and never had. -#}
    by_interest as (
        select
            interests.user_id,
            interests.item_id
        from interests
        inner join users on interests.user_id = users.user_id
        anti join known on interests.user_id = known.user_id and interests.item_id = known.item_id
        anti join withheld on users.segment = withheld.segment and interests.item_id = withheld.item_id
        where interests.position <= {{ var('two_tower_history_length') if two_tower.tells_types_apart() else 0 }}
    ),
{%- endmacro %}
