{% macro bins_off() %}
    {#- Select of the bins of ranker_calibration in which what happened is further from what was said than the gate allows. -#}
    select
        bin,
        pairs,
        said,
        happened
    from {{ ref('two_tower', 'ranker_calibration') }}
    where
        abs(happened - said)
        > {{ var('two_tower_max_calibration_error') }} * said
        + case when pairs < 1000 then 2 * sqrt(said * (1 - said) / pairs) else 0 end
{%- endmacro %}
