{{ config(materialized=two_tower.by_user()) }}
{{ two_tower.popularity_baseline(
    'recent_popularity',
    {'allow_repeats': ['recent_users', 'users'], 'unseen_only': ['recent_users', 'users']}
) }}
