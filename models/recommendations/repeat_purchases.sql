{{ two_tower.repeat_purchases('production') }}
