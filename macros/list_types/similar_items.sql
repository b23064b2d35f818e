{% macro similar_items(stage, by='likeness') %}
    {#- Select of the two_tower_k items most like each item that sells: item_id, rank, similar_item_id, similarity. An item stands in at
        most 3 % of the lists, in those that it suits best. `by`: likeness, or users, the neighbours that ItemKNN would list. -#}
    with

    seekers as (
        select item_id, recent_users from {{ ref('two_tower', 'item_features') }}
        where cutoff = {{ two_tower.cutoff_of(stage) }} and recent_users >= {{ var('two_tower_min_support') }}
    ),

    offers as (
        select seekers.* from seekers
        anti join ({{ two_tower.withheld_from_all(stage) }}) as unavailable on seekers.item_id = unavailable.item_id
    ),

    neighbours as (
        select item_id, neighbour_id, similarity from {{ ref('two_tower', 'item_neighbours') }}
        where stage = {{ two_tower.literal(stage) }}
    ),

    scored as (
        {%- if by == 'users' %}
        select
            neighbours.item_id,
            neighbours.neighbour_id as similar_item_id,
            neighbours.similarity
        from neighbours
        inner join seekers on neighbours.item_id = seekers.item_id
        inner join offers on neighbours.neighbour_id = offers.item_id
        {%- else %}
        {{ two_tower.likeness('seekers', 'offers', ref('two_tower', 'item_traits'), 'neighbours') }}
        {%- endif %}
    ),

    within_limits as (
        select * from scored
        qualify
            row_number() over (
                partition by similar_item_id order by similarity desc, {{ two_tower.stable_hash(['item_id']) }} asc
            ) <= (select greatest(0.03 * count(*), {{ 3 * var('two_tower_k') }}) from seekers)
    )

    select
        item_id,
        cast(
            row_number() over (
                partition by item_id order by similarity desc, {{ two_tower.stable_hash(['similar_item_id']) }} asc
            ) as integer
        ) as rank,
        similar_item_id,
        similarity
    from within_limits
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
