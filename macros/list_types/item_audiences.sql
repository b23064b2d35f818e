{% macro item_audiences(stage) %}
    {#- Select of the users to whom an item suits best: item_id, rank, user_id, score. First those whose candidate the item is, by the
        ranker's chance; then those who had most of its kind, whose score is NULL. For items that two_tower_min_support users had
        lately. -#}
    {%- set size = var('two_tower_audience_size') -%}
    with

    sold as (
        select categories.item_id, categories.kind
        from {{ ref('two_tower', 'item_features') }} as features
        inner join {{ ref('two_tower', 'item_categories') }} as categories on features.item_id = categories.item_id
        where features.cutoff = {{ two_tower.cutoff_of(stage) }} and features.recent_users >= {{ var('two_tower_min_support') }}
    ),

    chances as (
        {{ two_tower.chances(stage) }}
    ),

    users as (
        select distinct user_id from chances
    ),

    likeliest as (
        select
            chances.item_id,
            chances.user_id,
            chances.chance,
            cast(0 as double) as weight,
            count(*) over (partition by chances.item_id) as places
        from chances
        semi join sold on chances.item_id = sold.item_id
        {%- if var('two_tower_policy') == 'unseen_only' %}
        where not chances.is_repeat
        {%- endif %}
        qualify row_number() over (
            partition by chances.item_id order by chances.chance desc, {{ two_tower.stable_hash(['chances.user_id']) }} asc
        ) <= {{ size }}
    ),

    -- who had most of the kind; more than are wanted, since some are there already
    fans as (
        select
            categories.kind,
            histories.user_id,
            round(sum(histories.recency_weight), 9) as weight
        from {{ ref('two_tower', 'user_histories') }} as histories
        inner join {{ ref('two_tower', 'item_categories') }} as categories on histories.item_id = categories.item_id
        semi join users on histories.user_id = users.user_id
        where histories.cutoff = {{ two_tower.cutoff_of(stage) }}
        group by categories.kind, histories.user_id
        qualify row_number() over (
            partition by categories.kind order by weight desc, {{ two_tower.stable_hash(['histories.user_id']) }} asc
        ) <= {{ 2 * size }}
    ),

    others as (
        select
            sold.item_id,
            fans.user_id,
            cast(null as double) as chance,
            fans.weight
        from sold
        inner join fans on sold.kind = fans.kind
        anti join likeliest on sold.item_id = likeliest.item_id and fans.user_id = likeliest.user_id
        where sold.item_id not in (select item_id from likeliest where places >= {{ size }})
        {%- if stage == 'production' %}
        and not exists (
            select 1 from {{ ref('two_tower', 'excluded_items') }} as excluded
            where excluded.item_id = sold.item_id and excluded.user_id = fans.user_id
        )
        and not exists (
            select 1 from {{ two_tower.unavailable_items() }} as unavailable
            inner join {{ ref('two_tower', 'user_segments') }} as segments on unavailable.segment = segments.segment
            where unavailable.item_id = sold.item_id and segments.user_id = fans.user_id
        )
        {%- endif %}
    ),

    named as (
        select item_id, user_id, chance, weight from likeliest
        union all
        select * from others
    )

    select
        item_id,
        cast(
            row_number() over (
                partition by item_id
                order by chance desc nulls last, weight desc, {{ two_tower.stable_hash(['user_id']) }} asc
            ) as integer
        ) as rank,
        user_id,
        chance as score
    from named
    qualify rank <= {{ size }}
{%- endmacro %}
