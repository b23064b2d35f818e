-- depends_on: {{ ref('two_tower', 'stg_interactions') }}
{{ two_tower.run_measures() }}
