with

reviews as (
    select * from {{ ref('two_tower', 'stg_reviews') }}
),

-- a review of which only the day is known may have been written at its end
clock as (
    select
        case
            when {{ two_tower.is_by_day('review_at') }} then interval 1 day else interval 1 microsecond
        end as known_after
    from reviews
),

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

written as (
    select
        cutoffs.cutoff,
        reviews.item_id,
        reviews.rating,
        reviews.text,
        row_number() over (
            partition by cutoffs.cutoff, reviews.item_id
            order by
                -- recent and long ones first
                {{ two_tower.half_lives(two_tower.days_between('reviews.review_at', 'cutoffs.as_of')) }}
                * ln(1 + length(coalesce(reviews.text, ''))) desc,
                {{ two_tower.stable_hash(['reviews.user_id', 'reviews.review_at']) }} asc
        ) as place
    from cutoffs
    cross join clock
    inner join reviews on reviews.review_at + clock.known_after <= cutoffs.as_of
),

means as (
    select
        cutoff,
        avg(rating) as rating
    from written
    group by cutoff
),

final as (
    select
        written.cutoff,
        written.item_id,
        cast(count(*) as double) as review_count,
        -- few ratings are pulled to the mean of all
        (coalesce(sum(written.rating), 0) + {{ var('two_tower_review_shrinkage') }} * means.rating)
        / (count(written.rating) + {{ var('two_tower_review_shrinkage') }}) as review_rating,
        string_agg(
            case when written.place <= {{ var('two_tower_reviews_per_item') }} then written.text end,
            ' ' order by written.place asc
        ) as review_text
    from written
    inner join means on written.cutoff = means.cutoff
    group by written.cutoff, written.item_id, means.rating
)

select * from final
