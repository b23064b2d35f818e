{{ config(post_hook=
    "{{ two_tower.check_rows(['user_id', 'item_id', 'review_at'], 'review_at') if var('two_tower_reviews') }}"
) }}
with

reviews as (
    {{ two_tower.optional_relation(
        'two_tower_reviews', {'user_id': 'varchar', 'item_id': 'varchar', 'review_at': 'timestamp'},
        {'rating': 'double', 'text': 'varchar'}
    ) }}
),

final as (
    select
        user_id,
        item_id,
        review_at,
        avg(rating) as rating,
        string_agg(text, ' ' order by text) as text
    from reviews
    group by user_id, item_id, review_at
)

select * from final
