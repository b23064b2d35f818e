with

rules as (
    select distinct rule_id, action, segment, position, strength from active_rules
),

reached as (
    select rules.rule_id, count(*) as pairs, count(distinct ranked.user_id) as users,
        count(*) filter (where ranked.rank <= (select max(rank) from recommendations) and lists.item_id is null) as left_out
    from active_rules as rules
    inner join ranked_candidates as ranked
        on rules.item_id = ranked.item_id and coalesce(rules.segment, ranked.segment) = ranked.segment
    left join recommendations as lists on ranked.user_id = lists.user_id and ranked.item_id = lists.item_id
    where rules.action != 'exclude'
    group by 1
),

applied as (
    select rule_id, count(*) as places, count(distinct user_id) as users, avg(model_rank) as before, avg(rank) as after,
        count(*) filter (where model_rank is distinct from rank) as moved
    from (select unnest(applied_rules) as rule_id, user_id, rank, model_rank from recommendations)
    group by 1
),

withheld as (
    select substr(reason, 6) as rule_id, count(distinct item_id) as items
    from unavailable_items
    where starts_with(reason, 'rule ')
    group by 1
)

select
    rules.rule_id as "Rule",
    rules.action as "What it does",
    coalesce(rules.segment, 'all') as "Segment",
    (select count(*) from active_rules as items where items.rule_id = rules.rule_id) as "Items",
    coalesce(applied.places, 0) as "Places",
    coalesce(applied.users, 0) as "Users",
    applied.before as "Place before",
    applied.after as "Place after",
    coalesce(reached.left_out, 0) as "Left the lists",
    coalesce(withheld.items, 0) as "Items withheld",
    case
        when coalesce(applied.moved, 0) + coalesce(reached.left_out, 0) + coalesce(withheld.items, 0) = 0
            then 'no effect' else 'works'
    end as "Effect"
from rules
left join reached on rules.rule_id = reached.rule_id
left join applied on rules.rule_id = applied.rule_id
left join withheld on rules.rule_id = withheld.rule_id
order by "Effect", "Places" desc, rules.rule_id
limit 50
