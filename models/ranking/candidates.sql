{{ config(materialized=two_tower.by_user()) }}
{{ two_tower.candidates('production') }}
