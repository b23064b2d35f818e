{% macro list_change() %}
    {#- Select of the share of list places whose item is another than in the set that readers see; no row before the first. -#}
    select
        'list_change',
        'recommendations',
        avg(if(served.item_id is null, 1.0, 0.0))
    from {{ ref('two_tower', 'recommendations') }} as lists
    left join (
        {{ two_tower.of_served_set('recommendations', {'user_id': 'varchar', 'rank': 'integer', 'item_id': 'varchar'}) }}
    ) as served on lists.user_id = served.user_id and lists.rank = served.rank and lists.item_id = served.item_id
{%- endmacro %}
