{{ config(post_hook=
    "{{ two_tower.check_rows(['user_id', 'item_id', 'review_at'], 'review_at') if var('two_tower_reviews') }}"
) }}
with

reviews as (
    {{ two_tower.input_rows('reviews') }}
),

final as (
    select
        user_id,
        item_id,
        review_at,
        avg(rating) as rating,
        string_agg(text, ' ' order by text asc) as text
    from reviews
    group by user_id, item_id, review_at
)

select * from final
