{{ two_tower.popular_by_segment(ref('two_tower', 'segment_activity')) }}
