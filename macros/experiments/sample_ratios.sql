{% macro sample_ratios(users) %}
    {#- Select of how likely such shares of users per variant are, if the assignment works: experiment, sample_ratio_p_value. -#}
    with

    ratio_weights as (
        {{ two_tower.experiment_weights(users) }}
    ),

    ratio_counts as (
        select
            experiment,
            variant,
            count(*) as n_users
        from {{ users }}
        group by experiment, variant
    ),

    ratio_totals as (
        select
            experiment,
            sum(n_users) as n_users
        from ratio_counts
        group by experiment
    )

    -- a variant that should not be there has no share and makes the statistic infinite
    select
        ratio_totals.experiment,
        chi_square_p(
            sum(coalesce(
                power(coalesce(ratio_counts.n_users, 0) - weights.share * ratio_totals.n_users, 2)
                / (weights.share * ratio_totals.n_users),
                cast('infinity' as double)
            )),
            cast(count(*) - 1 as bigint)
        ) as sample_ratio_p_value
    from ratio_totals
    left join (ratio_weights as weights full join ratio_counts using (experiment, variant)) using (experiment)
    group by ratio_totals.experiment
{%- endmacro %}
