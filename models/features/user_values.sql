{{ config(materialized='view') }}
{{ two_tower.user_values() }}
