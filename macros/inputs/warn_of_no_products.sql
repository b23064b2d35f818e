{% macro warn_of_no_products() %}
    {#- Post-hook of item_categories: names items that seem to be no products, with a var to paste that leaves their rows out. An item
        seems to be none by its id or label (see sounds_like_no_product), or where it stands in a tenth of the baskets, has prices
        of which the upper tenth is ten times the lower tenth, and has no category. -#}
    {#- outside the condition, or the model would not know that it depends on it -#}
    {%- set splits = ref('two_tower', 'interaction_splits') -%}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- set found = run_query(
            "with lines as (select item_id, price, " ~ two_tower.basket_key() ~ " as basket from " ~ splits ~ "),
            frequent as (
                select item_id from lines group by item_id
                having count(distinct basket) >= 0.1 * (select count(distinct basket) from lines)
                    and quantile_cont(price, 0.9) >= 10 * quantile_cont(price, 0.1)
            )
            select item_id, coalesce(item_label, item_id) from " ~ this ~ "
            where " ~ two_tower.sounds_like_no_product('item_id') ~ " or " ~ two_tower.sounds_like_no_product('item_label') ~ "
                or category in ('all', 'unknown') and item_id in (select item_id from frequent)
            order by item_id asc"
        ) -%}
        {%- if found.rows -%}
            {%- set examples = [] -%}
            {%- for row in found.rows[:5] -%}{%- do examples.append("'" ~ row[0] ~ "'" ~ (' (' ~ row[1] ~ ')' if row[0] != row[1] else '')) -%}{%- endfor -%}
            {%- set placeholders = {} -%}
            {%- for name in ['user_id', 'item_id'] if two_tower.placeholder_ids(name) -%}
                {%- do placeholders.update({name: two_tower.placeholder_ids(name)}) -%}
            {%- endfor -%}
            {%- do placeholders.update({'item_id': two_tower.placeholder_ids('item_id') + found.columns[0].values() | list}) -%}
            {%- do exceptions.warn(
                'var two_tower_items (' ~ var('two_tower_items') ~ '): ' ~ found.rows | length ~ ' items seem to be no products, such as '
                ~ examples | join(', ') ~ '. They are learned from and recommended like all others. If they are none, leave their rows out of '
                ~ 'all inputs, under vars: two_tower_placeholder_ids: ' ~ tojson(placeholders)
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro sounds_like_no_product(name) %}
    {#- SQL: whether a name is that of postage, a charge, a correction, a gift card or a bag. Some words tell it wherever they stand, others
        as the whole name alone: manual, not manual toothbrush. -#}
    {%- set anywhere = 'postage|bank charges?|gift ?(cards?|vouchers?)|carrier bags?|(shipping|delivery|handling|service|amazon) ?(fees?|charges?|costs?)'
        ~ '|(manual|price|stock) (corrections?|adjustments?)|bad debts?' -%}
    {%- set alone = 'post|carriage|shipping|delivery|freight|manual|correction|adjustment|discount|deposit|donation|fees?|samples?|tips?|rounding' -%}
    {{ return(
        "coalesce(regexp_matches(' ' || trim(regexp_replace(lower(" ~ name ~ "), '[^a-z]+', ' ', 'g')) || ' ', ' (" ~ anywhere ~ ") |^ (" ~ alone ~ ") $'), false)"
    ) }}
{% endmacro %}
