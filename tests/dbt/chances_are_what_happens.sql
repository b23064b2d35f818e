-- gate: in each bin as much happened as the ranker said, give or take two_tower_max_calibration_error of it; a bin of
-- fewer than 1,000 pairs gives a warning, where the difference is above two standard errors, too
{{ config(
    enabled='evaluation' in var('two_tower_stages'), fail_calc='coalesce(max(pairs), 0)', warn_if='> 0', error_if='>= 1000'
) }}
-- after publication, which is refused by the same bins and says so: then this test is skipped
-- depends_on: {{ ref('two_tower', 'publication') }}

{{ two_tower.bins_off() }}
