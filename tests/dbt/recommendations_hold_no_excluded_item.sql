-- with policy `unseen_only` nobody is recommended what they had; pytest says so of the evaluation, whose lists a
-- refresh leaves as they were
select lists.*
from {{ ref('two_tower', 'recommendations') }} as lists
semi join {{ ref('two_tower', 'user_histories') }} as histories
    on
        lists.user_id = histories.user_id
        and lists.item_id = histories.item_id
        and histories.cutoff = 0
where {{ var('two_tower_policy') == 'unseen_only' }}
