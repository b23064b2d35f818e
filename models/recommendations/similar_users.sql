{{ two_tower.similar_users('production') }}
