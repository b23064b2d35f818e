{#- Cosine of the users of two items; see the description in _ranking_models.yml. -#}
with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
),

-- one id of many people would make everything alike
nobody as (
    {{ two_tower.outsized_users() }}
),

histories as (
    select
        stages.stage,
        histories.user_id,
        histories.item_id,
        ln(1 + histories.recency_weight) as weight
    from stages
    inner join {{ two_tower.interests() }} as histories on stages.cutoff = histories.cutoff
    anti join nobody on stages.stage = nobody.stage and histories.user_id = nobody.user_id
    where histories.position <= {{ var('two_tower_neighbour_history') }}
),

norms as (
    select
        stage,
        item_id,
        sqrt(sum(weight * weight)) as norm
    from histories
    group by stage, item_id
    having count(*) >= 2
),

-- numbers in place of ids: text is slow to compare in millions of pairs
items as (
    select
        *,
        cast(
            row_number() over (
                order by stage asc, {{ two_tower.stable_hash(['item_id']) }} asc, item_id asc
            ) as integer
        ) as number
    from norms
),

users as (
    select
        histories.stage,
        histories.user_id,
        items.number,
        histories.weight / items.norm as weight
    from histories
    inner join items on histories.stage = items.stage and histories.item_id = items.item_id
),

pairs as (
    select
        ones.number as one,
        others.number as other,
        count(*) as support,
        -- rounded, because a sum of fractions depends on the order in which threads add them up
        round(sum(ones.weight * others.weight), 9) as cosine
    from users as ones
    inner join users as others
        on ones.stage = others.stage and ones.user_id = others.user_id and ones.number < others.number
    group by ones.number, others.number
    having count(*) >= 2
),

both_ways as (
    select one, other, support, cosine * support / (support + 5) as similarity from pairs
    union all
    select other, one, support, cosine * support / (support + 5) from pairs
),

ranked as (
    select
        *,
        row_number() over (partition by one order by similarity desc, other asc) as rank
    from both_ways
    qualify rank <= {{ var('two_tower_neighbours') }}
),

final as (
    select
        items.stage,
        items.item_id,
        cast(ranked.rank as integer) as rank,
        others.item_id as neighbour_id,
        ranked.similarity,
        ranked.support
    from ranked
    inner join items on ranked.one = items.number
    inner join items as others on ranked.other = others.number
)

select * from final
