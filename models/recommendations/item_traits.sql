{{ two_tower.item_traits() }}
