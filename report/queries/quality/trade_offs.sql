select
    concat(replace(replace(knob, 'two_tower_', ''), '_', ' '), ' ', weight) as "Setting",
    100 * recall as "Recall %",
    100 * recall_low as "Low %",
    100 * recall_high as "High %",
    100 * difference as "More than without, points",
    expected_value as "Expected value",
    100 * coverage as "Catalogue shown %",
    100 * new_item_share as "Places of new items %"
from list_trade_offs
order by knob, weight
