{% macro assign_variant(user_id, experiment) %}
    {#- SQL of a user's variant in an experiment of var two_tower_experiments: always the same one, by a hash of both. Users of the
        holdout are in no experiment, and the same users in all. -#}
    {%- do two_tower.check_experiments() -%}
    {%- set experiments = var('two_tower_experiments') or {} -%}
    {%- if experiment not in experiments -%}
        {%- do two_tower.input_error(
            "assign_variant: experiment '" ~ experiment ~ "'", 'unknown.',
            'enter it in var two_tower_experiments' ~ (', which has ' ~ experiments | join(', ') if experiments else '') ~ '.'
        ) -%}
    {%- endif -%}
    {%- set weights = experiments[experiment] -%}
    {%- set ns = namespace(reached=0) -%}
    case
                when {{ two_tower.stable_fraction([user_id], 'holdout') }} < {{ var('two_tower_experiment_holdout_share') }} then 'holdout'
                {%- for variant, weight in weights.items() %}
                {%- set ns.reached = ns.reached + weight %}
                when {{ two_tower.stable_fraction([user_id], experiment) }} < {{ ns.reached / weights.values() | sum }}
                    then {{ two_tower.literal(variant | string) }}
                {%- endfor %}
                else {{ two_tower.literal(weights.keys() | last | string) }}
            end
{%- endmacro %}
