{{ two_tower.popularity_baseline(
    'recent_popularity',
    {'repeats': ['recent_users', 'users'], 'new': ['recent_users', 'users']}
) }}
