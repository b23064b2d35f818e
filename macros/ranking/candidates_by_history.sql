{% macro candidates_by_history() %}
    {#- CTE of macro candidates: what the user had, where repeats are of interest. -#}
    repeats as (
        select
            seen.user_id,
            seen.item_id
        from seen
        inner join users on seen.user_id = users.user_id
        anti join excluded on seen.user_id = excluded.user_id and seen.item_id = excluded.item_id
        anti join withheld on users.segment = withheld.segment and seen.item_id = withheld.item_id
        where seen.position <= {{ var('two_tower_history_length') if two_tower.may_repeat() else 0 }}
    ),
{%- endmacro %}
