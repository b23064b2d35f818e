{% macro with_places(offers, list_keys, order_by=none, new_item_share=none) %}
    {#- Select of what may be listed with `place`, 1 = first. The last places of a list of two_tower_k, as many as two_tower_new_item_share
        says, go to the best new items that do not stand before them. `offers`: name of a CTE with the columns of `order_by` and `list_keys`,
        and is_new where there is a share. `new_item_share`: SQL of another share. -#}
    {%- set share = var('two_tower_new_item_share') if new_item_share is none else new_item_share -%}
    {%- set order_by = order_by or 'worth desc, ' ~ two_tower.stable_hash(['item_id']) ~ ' asc, item_id asc' -%}
    {%- set k = var('two_tower_k') -%}
    {%- set keys = list_keys | join(', ') -%}
    {%- if share == 0 %}
    select
        *,
        row_number() over (partition by {{ keys }} order by {{ order_by }}) as place
    from {{ offers }}
    {%- else %}
    with

    placed_alike as (
        select
            *,
            row_number() over (partition by {{ keys }} order by {{ order_by }}) as own_place,
            row_number() over (partition by {{ keys }}, is_new order by {{ order_by }}) as place_of_its_age
        from {{ offers }}
    ),

    placed_new as (
        select
            *,
            is_new
            and place_of_its_age <= round({{ share }} * {{ k }})
            and own_place > {{ k }} - round({{ share }} * {{ k }}) as moves_up
        from placed_alike
    ),

    placed_groups as (
        select
            *,
            row_number() over (partition by {{ keys }}, moves_up order by own_place asc) as place_of_group,
            count(*) filter (where moves_up) over (partition by {{ keys }}) as reserved
        from placed_new
    )

    select
        * exclude (own_place, place_of_its_age, moves_up, place_of_group, reserved),
        case
            when moves_up then {{ k }} - reserved + place_of_group
            when place_of_group <= {{ k }} - reserved then place_of_group
            else reserved + place_of_group
        end as place
    from placed_groups
    {%- endif %}
{%- endmacro %}
