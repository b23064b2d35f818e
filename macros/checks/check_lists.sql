{% macro check_lists() %}
    {#- Post-hook of recommendations, inside its transaction: lists for some users only are not published over good ones. Who had, or must
        not be shown, every item there is goes without one. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set found = run_query(
            "with users as (
                select known.user_id, segments.segment
                from (
                    select user_id from " ~ ref('two_tower', 'stg_users') ~ "
                    union select user_id from " ~ ref('two_tower', 'stg_interactions') ~ "
                ) as known
                left join " ~ ref('two_tower', 'user_segments') ~ " as segments on known.user_id = segments.user_id
            ),
            items as (select item_id, count(*) over () as items from " ~ ref('two_tower', 'item_categories') ~ "),
            missing as (select * from users where user_id not in (select user_id from " ~ this ~ ")),
            withheld as (
                select missing.user_id, unavailable.item_id
                from missing
                inner join " ~ two_tower.unavailable_items() ~ " as unavailable on missing.segment = unavailable.segment
                union all
                select missing.user_id, excluded.item_id
                from missing
                inner join " ~ ref('two_tower', 'excluded_items') ~ " as excluded on missing.user_id = excluded.user_id
            ),
            empty as (
                select withheld.user_id
                from withheld
                inner join items on withheld.item_id = items.item_id
                group by withheld.user_id
                having count(distinct withheld.item_id) = any_value(items.items)
            )
            select
                (select count(*) from users),
                (select count(*) from missing),
                (select count(*) from empty),
                (select count(*) from (select user_id from " ~ this ~ " group by user_id having count(*) < " ~ var('two_tower_k') ~ "))"
        ).rows[0] -%}
        {%- set problem = found[1] ~ ' of ' ~ found[0] ~ ' users would get no list' -%}
        {%- if found[1] > found[2] or found[1] == found[0] -%}
            {%- do two_tower.input_error(
                this.name, problem ~ '. The existing table was kept.',
                'build the models before it as well: dbt run --exclude tag:train.'
            ) -%}
        {%- elif found[3] and var('two_tower_caps') and var('two_tower_merchandising') -%}
            {%- do exceptions.warn(
                this.name ~ ': ' ~ found[3] ~ ' of ' ~ found[0] ~ ' users have fewer than ' ~ var('two_tower_k') ~ ' items. Caps (var '
                ~ 'two_tower_caps) leave out what is more than they allow: raise them where that was not meant.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
