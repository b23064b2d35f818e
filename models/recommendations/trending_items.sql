{{ two_tower.trending_items(ref('two_tower', 'segment_activity')) }}
