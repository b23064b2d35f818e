{{ two_tower.new_arrivals('production') }}
