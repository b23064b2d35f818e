{% macro create_complete_basket() %}
    {#- complete_basket(items, k): what goes with all that a basket holds, by bought_together. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.complete_basket(items, k := 10) as table
    with

    baskets as (
        select distinct
            1 as basket,
            held.item_id
        from (select cast(unnest(items) as varchar) as item_id) as held
    ),

    completed as (
        {{ two_tower.completions('baskets', two_tower.stored_reference('bought_together')) }}
    )

    select
        row_number() over (order by completed.score desc, {{ two_tower.stable_hash(['completed.item_id']) }} asc) as rank,
        completed.item_id,
        {{ two_tower.label_of('completed.item_id', is_for_analysts=true) }},
        completed.score
    from completed
    qualify rank <= k
    order by rank asc
    {%- endif %}
{%- endmacro %}
