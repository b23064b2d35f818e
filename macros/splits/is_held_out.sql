{% macro is_held_out() %}
    {#- Whether an interaction is of an item or a user that training must not know: all of theirs is test. No one is, unless a var says so. -#}
    {%- set shares = {'item_id': var('two_tower_held_out_items'), 'user_id': var('two_tower_held_out_users')} -%}
    {%- set held_out = [] -%}
    {%- for column, share in shares.items() if share -%}
        {%- do held_out.append(two_tower.stable_fraction([column], 'held out') ~ ' < ' ~ share) -%}
    {%- endfor -%}
    ({{ held_out | join(' or ') or 'false' }})
{%- endmacro %}
