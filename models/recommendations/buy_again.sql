{{ two_tower.buy_again('production') }}
