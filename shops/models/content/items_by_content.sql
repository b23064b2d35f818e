{% set content = var('shops_content') %}
with

items as (
    select
        item_id
        {%- if content != 'ids_only' %},
        columns(lambda name: name not in ('item_id', 'title'))
        {%- endif %}
        {%- if content in ('hashed_text', 'pretrained_text') %},
        {{ var('shops_text') }} as words
        {%- endif %}
    from {{ ref(var('shops_items')) }}
),

final as (
    select
        items.*
        {%- if content == 'pretrained_text' %},
        vectors.embedding as text_vector
        {%- endif %}
    from items
    {%- if content == 'pretrained_text' %}
    left join {{ ref('item_texts') }} as vectors using (item_id)
    {%- endif %}
)

select * from final
