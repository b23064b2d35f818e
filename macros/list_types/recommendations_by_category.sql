{% macro recommendations_by_category(stage) %}
    {#- Select of the best of each category for each user, as far as a chance is worth a place: user_id, category, rank, item_id, score,
        source. -#}
    with

    chances as (
        {{ two_tower.chances(stage) }}
    )

    select
        chances.user_id,
        categories.category,
        cast(
            row_number() over (
                partition by chances.user_id, categories.category
                order by {{ two_tower.worth('chances.chance', 'categories.relative_value') }} desc, {{ two_tower.stable_hash(['chances.item_id']) }} asc
            ) as integer
        ) as rank,
        chances.item_id,
        chances.chance as score,
        chances.source
    from chances
    inner join {{ ref('two_tower', 'item_categories') }} as categories on chances.item_id = categories.item_id
    where
        chances.chance >= {{ var('two_tower_min_chance') }}
        {%- if var('two_tower_policy') == 'unseen_only' %}
        and not chances.is_repeat
        {%- endif %}
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
