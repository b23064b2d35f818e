{% macro create_why() %}
    {#- why(for_user, for_item): where an item stands for a user, what speaks for it in words, and what withholds it. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.why(for_user, for_item) as table
    with

    pairs as (
        select
            users.user_id,
            users.segment,
            items.item_id,
            items.category
        from {{ two_tower.stored_reference('user_segments') }} as users
        cross join {{ two_tower.stored_reference('item_categories') }} as items
        where users.user_id = cast(for_user as varchar) and items.item_id = cast(for_item as varchar)
    ),

    ranked as (
        select ranked.*
        from {{ two_tower.stored_reference('ranked_candidates') }} as ranked
        inner join pairs on ranked.user_id = pairs.user_id and ranked.item_id = pairs.item_id
    ),

    published as (
        select lists.*
        from {{ two_tower.stored_reference('recommendations') }} as lists
        inner join pairs on lists.user_id = pairs.user_id and lists.item_id = pairs.item_id
    ),

    histories as (
        select histories.*
        from {{ two_tower.stored_reference('user_histories') }} as histories
        inner join pairs on histories.user_id = pairs.user_id
        where histories.cutoff = 0
    ),

    of_category as (
        select
            pairs.category,
            sum(histories.recency_weight) filter (where categories.category = pairs.category)
            / sum(histories.recency_weight) as share
        from histories
        inner join {{ two_tower.stored_reference('item_categories') }} as categories on histories.item_id = categories.item_id
        cross join pairs
        group by pairs.category
    ),

    neighbours as (
        select
            neighbours.item_id,
            ln(1 + histories.recency_weight) * neighbours.similarity as score
        from histories
        inner join {{ two_tower.stored_reference('item_neighbours') }} as neighbours on histories.item_id = neighbours.item_id
        inner join pairs on neighbours.neighbour_id = pairs.item_id
        where neighbours.stage = 'production'
        order by score desc, neighbours.item_id asc
        limit 3
    ),

    contributions as (
        {{ two_tower.contributions('pairs') }}
    ),

    popularity as (
        select features.*
        from {{ two_tower.stored_reference('item_features') }} as features
        inner join pairs on features.item_id = pairs.item_id
        where features.cutoff = 0
    ),

    answers as (
        select 1 as place, 'published rank' as what, null as detail, published.rank as value from published
        union all
        select 2, 'rule', unnest(published.applied_rules), null from published
        union all
        select 3, 'withheld', unavailable.reason, null
        from {{ two_tower.unavailable_items(is_for_analysts=true) }} as unavailable
        inner join pairs on unavailable.segment = pairs.segment and unavailable.item_id = pairs.item_id
        union all
        select 4, 'excluded', excluded.reason, null
        from {{ two_tower.stored_reference('excluded_items') }} as excluded
        inner join pairs on excluded.user_id = pairs.user_id and excluded.item_id = pairs.item_id
        union all
        select 5, 'chance in the next window', 'rank ' || ranked.rank || ' of the ranker', ranked.score from ranked
        union all
        select
            6,
            'had before',
            'had ' || cast(histories.interactions as bigint) || ' times, last ' || cast(round(histories.days_since_last) as bigint)
            || ' days ago' || if(
                histories.interactions > 1,
                ', usually every ' || cast(round(histories.interval_days) as bigint) || ' days', ''
            ),
            histories.interactions
        from histories
        inner join pairs on histories.item_id = pairs.item_id
        union all
        select 7, 'had by the same users as', neighbours.item_id, neighbours.score from neighbours
        union all
        select 8, 'share of the history in the category', of_category.category, of_category.share from of_category
        where of_category.share > 0
        union all
        select 9, 'users of the newest window', null, popularity.recent_users from popularity
        union all
        select 10, 'towers: from history item', contributions.history_item_id, contributions.contribution
        from contributions
    ),

    named as (
        select
            answers.*,
            case when answers.place in (7, 10) then answers.detail end as item_id
        from answers
    )

    select
        named.what,
        named.detail,
        {{ two_tower.label_of('named.item_id', is_for_analysts=true) }},
        named.value
    from named
    order by named.place asc, named.value desc
    {%- endif %}
{%- endmacro %}
