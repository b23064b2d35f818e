{{ two_tower.bought_together('production') }}
