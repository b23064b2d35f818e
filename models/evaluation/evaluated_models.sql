{{ config(materialized='view') }}

with

final as (
    select distinct model from {{ ref('two_tower', 'evaluation_lists') }}
)

select * from final
