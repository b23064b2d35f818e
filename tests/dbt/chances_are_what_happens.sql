-- gate: in each bin as much happened as the ranker said, give or take two_tower_max_calibration_error of it; a bin of
-- fewer than 1,000 pairs gives a warning, where the difference is above two standard errors, too
{{ config(enabled='evaluation' in var('two_tower_stages'), fail_calc='coalesce(max(pairs), 0)', warn_if='> 0', error_if='>= 1000') }}

select * from {{ ref('two_tower', 'ranker_calibration') }}
where
    abs(happened - said)
    > {{ var('two_tower_max_calibration_error') }} * said
    + case when pairs < 1000 then 2 * sqrt(said * (1 - said) / pairs) else 0 end
