{% macro evaluated_users() %}
    {#- Select of the users that every evaluated model makes lists for: user_id of whoever does something after the cutoff, or of a
        sample of them. Of others there is nothing to measure. -#}
    select distinct user_id from {{ ref('two_tower', 'cutoff_targets') }} where is_measured
{%- endmacro %}
