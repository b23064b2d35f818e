{% macro evaluated_users() %}
    {#- Select of the users that every evaluated model makes lists for: user_id of whoever does something after the cut-off. Of
        others there is nothing to measure. -#}
    select distinct user_id from {{ ref('two_tower', 'snapshot_targets') }} where snapshot = 1
{%- endmacro %}
