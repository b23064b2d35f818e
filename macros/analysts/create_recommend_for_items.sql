{% macro create_recommend_for_items() %}
    {#- recommend_for_items(items, k): what suits who looked at, or had, these items, such as an anonymous session; by item_neighbours. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.recommend_for_items(items, k := 10) as table
    with

    session as (
        select distinct seen.item_id
        from (select cast(unnest(items) as varchar) as item_id) as seen
    ),

    scored as (
        select
            neighbours.neighbour_id as item_id,
            round(sum(neighbours.similarity), 9) as score
        from {{ two_tower.stored_reference('item_neighbours') }} as neighbours
        inner join session on neighbours.item_id = session.item_id
        anti join session as seen on neighbours.neighbour_id = seen.item_id
        anti join {{ two_tower.unavailable_items(is_for_analysts=true) }} as unavailable
            on neighbours.neighbour_id = unavailable.item_id and unavailable.segment = 'all'
        where neighbours.stage = 'production'
        group by neighbours.neighbour_id
    )

    select
        row_number() over (order by scored.score desc, {{ two_tower.stable_hash(['scored.item_id']) }} asc) as rank,
        scored.item_id,
        {{ two_tower.label_of('scored.item_id', is_for_analysts=true) }},
        scored.score
    from scored
    qualify rank <= k
    order by rank asc
    {%- endif %}
{%- endmacro %}
