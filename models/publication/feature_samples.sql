{{ two_tower.feature_samples() }}
