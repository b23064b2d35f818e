{{ config(materialized='embeddings', encoder=var('shops_encoder')) }}
select
    item_id,
    {{ var('shops_text') }} as content
from {{ ref(var('shops_items')) }}
