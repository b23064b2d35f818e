{% macro top_k_lists(users, items, k, exclusions=none, adjustments=none, within=none, pins=none, caps=[], approximate=none) %}
    {#- Select of the k items with the largest dot product for each user: user_id, rank, item_id, score. The statements around
        the functions of python_udfs/top_k.py; what is not given costs nothing. -#}
    {%- set approximate = two_tower.setting('two_tower_top_k') == 'approximate' if approximate is none else approximate %}
    with

    {{ two_tower.top_k_items(items, within, pins, adjustments) }}

    {{ two_tower.top_k_users(users, exclusions, adjustments, pins) }}

    top_k_found as (
        select
            unnest(top_k_blocks.users).user_id as user_id,
            unnest({{ two_tower.top_k_call(k, within, pins, caps, adjustments, approximate) }}) as found
        from top_k_blocks
        cross join top_k_catalogues
        {%- if adjustments %}
        cross join top_k_adjustments
        {%- endif %}
        {%- if within %}
        cross join top_k_groups
        {%- endif %}
    ),

    top_k_ranked as (
        select
            user_id,
            unnest(found) as place,
            generate_subscripts(found, 1) as rank
        from top_k_found
    )

    select
        top_k_ranked.user_id,
        {%- if within %}
        top_k_items.{{ within }},
        cast(row_number() over (
            partition by top_k_ranked.user_id, top_k_items.{{ within }}
            order by top_k_ranked.rank
        ) as integer) as rank,
        {%- else %}
        cast(top_k_ranked.rank as integer) as rank,
        {%- endif %}
        top_k_items.item_id,
        cast(top_k_ranked.place.score as double) as score
    from top_k_ranked
    inner join top_k_items on top_k_ranked.place.position = top_k_items.position
{%- endmacro %}
