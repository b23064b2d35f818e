{% macro warn_of_idle_rules() %}
    {#- Names the rules that are about no item or no user there is: a misspelling, or what has left the shop. They change nothing, so a
        warning is enough; rules that are over are left out. -#}
    {%- set idle = run_query(
        "with rules as (" ~ two_tower.merchandising_rules() ~ "),
        items as (select item_id, category from " ~ ref('two_tower', 'item_categories') ~ "),
        segments as (select segment from " ~ ref('two_tower', 'user_segments') ~ "),
        reasons as (
            select rule_id, case
                when item_id not in (select item_id from items) then concat('item_id ''', item_id, ''' is no item')
                when category not in (select category from items)
                    then concat('category ''', category, ''' is that of no item (var two_tower_category)')
                when item_id is not null and category is not null
                    and not exists (from items where items.item_id = rules.item_id and items.category = rules.category)
                    then concat('item_id ''', item_id, ''' is not of category ''', category, '''')
                when segment not in (select segment from segments)
                    then concat('segment ''', segment, ''' is that of no user (var two_tower_segment)')
            end as reason
            from rules where coalesce(valid_until > " ~ two_tower.served_at() ~ ", true)
        )
        select concat('rule ''', rule_id, ''': ', reason) from reasons where reason is not null order by rule_id asc"
    ).columns[0].values() -%}
    {%- if idle -%}
        {%- do exceptions.warn(
            var('two_tower_merchandising_rules') ~ ': ' ~ (idle | length) ~ ' without effect: ' ~ idle[:5] | join('; ')
            ~ ('; ...' if idle | length > 5 else '.')
        ) -%}
    {%- endif -%}
{% endmacro %}
