{{ two_tower.segment_activity('production') }}
