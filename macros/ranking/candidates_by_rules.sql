{% macro candidates_by_rules(n) %}
    {#- CTE of macro candidates: what rules pin or boost, of a rule for very many items the n most popular ones. -#}
    by_rules as (
        select
            users.user_id,
            promoted.item_id
        from users
        inner join (
            select
                popular.segment,
                rules.item_id
            from {{ ref('two_tower', 'active_rules') }} as rules
            inner join popular
                on coalesce(rules.segment, popular.segment) = popular.segment and rules.item_id = popular.item_id
            where rules.action in ('pin', 'boost')
            qualify row_number() over (partition by popular.segment, rules.rule_id order by popular.position asc) <= {{ n }}
        ) as promoted on users.segment = promoted.segment
        anti join excluded on users.user_id = excluded.user_id and promoted.item_id = excluded.item_id
    ),
{%- endmacro %}
