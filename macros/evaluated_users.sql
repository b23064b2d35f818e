{% macro evaluated_users() %}
    {#- Select of the users that every evaluated model makes lists for: user_id of whoever had something before the cut-off or
        does something after it. -#}
    select user_id from {{ ref('two_tower', 'user_histories') }} where snapshot = 1
    union
    select user_id from {{ ref('two_tower', 'snapshot_targets') }} where snapshot = 1
{%- endmacro %}
