{% macro popular_items(items, measures) %}
    {#- Select of all items by popularity: item_id, score (the first measure), position (1 = most popular; ties by hash). -#}
    select
        item_id,
        {{ measures[0] }} as score,
        row_number() over (
            order by {% for measure in measures %}{{ measure }} desc, {% endfor %}{{ two_tower.stable_hash(['item_id']) }} asc
        ) as position
    from {{ items }}
{%- endmacro %}
