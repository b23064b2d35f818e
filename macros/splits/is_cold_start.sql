{% macro is_cold_start() %}
    {#- Whether an interaction is of an item or a user that training must not know: all of theirs is test. No one is, unless a var says so. -#}
    {%- set shares = {'item_id': var('two_tower_cold_start_item_share'), 'user_id': var('two_tower_cold_start_user_share')} -%}
    {%- set of_cold_start = [] -%}
    {%- for column, share in shares.items() if share -%}
        {%- do of_cold_start.append(two_tower.stable_fraction([column], 'held out') ~ ' < ' ~ share) -%}
    {%- endfor -%}
    ({{ of_cold_start | join(' or ') or 'false' }})
{%- endmacro %}
