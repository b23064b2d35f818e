{{ two_tower.candidates('production') }}
