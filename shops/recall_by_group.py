"""Where each model finds what users wanted: by the length of their histories and by the popularity of the items."""

from __future__ import annotations

import duckdb
import pandas as pd

# thirds of the users by the number of items in their histories; those without one stand apart
HISTORIES = """
    with
    lengths as (
        select user_id, count(*) as items from user_histories where cutoff = 1 group by user_id
    ),
    thirds as (
        select policy, user_id, items,
            ntile(3) over (partition by policy, items is null order by items, user_id) as third
        from (select distinct policy, user_id from relevant_items where slice = 'all')
        left join lengths using (user_id)
    ),
    users as (
        select policy, user_id, items, if(items is null, 0, third) as group_number from thirds
    ),
    labels as (
        select policy, group_number, coalesce(min(items) || ' to ' || max(items) || ' items', 'no items') as label
        from users group by all
    )
    select policy, 'history' as kind, group_number, label, model, count(*) as n, avg(recall) as found
    from recall_by_user
    inner join users using (policy, user_id)
    inner join labels using (policy, group_number)
    where k = 10 and slice = 'all'
    group by all
"""
# items by their number of users, a third of all pairs of user and item in each group; items without users stand apart
ITEMS = """
    with
    popularity as (
        select item_id, users, (sum(users) over (order by users desc, item_id) - users) / sum(users) over () as before
        from item_features where cutoff = 1
    ),
    items as (
        select item_id, users,
            case when users = 0 then 3 when before < 1 / 3 then 0 when before < 2 / 3 then 1 else 2 end as group_number
        from popularity
    ),
    labels as (
        select
            group_number,
            concat(count(*), ' items of ', min(users)::bigint, ' to ', max(users)::bigint, ' users') as label
        from items group by group_number
    ),
    wanted as (
        select policy, user_id, item_id, coalesce(group_number, 3) as group_number
        from relevant_items left join items using (item_id)
        where slice = 'all'
    ),
    models as (
        select distinct model from evaluation_lists
    )
    select wanted.policy, 'popularity' as kind, wanted.group_number, coalesce(label, 'no users') as label, models.model,
        count(*) as n, count(lists.item_id) / count(*) as found
    from wanted
    cross join models
    left join labels on wanted.group_number = labels.group_number
    left join evaluation_lists as lists
        on models.model = lists.model and wanted.policy = lists.policy and wanted.user_id = lists.user_id
            and wanted.item_id = lists.item_id and lists.rank <= 10
    group by all
"""


def recall_by_group(connection: duckdb.DuckDBPyConnection, shop: str) -> pd.DataFrame:
    """Rows of shop, policy, kind, group_number, label, model, n and found, of the towers that the database has now.

    kind history: n users, found = their mean recall@10. kind popularity: n wanted items, found = the share of them that
    is among the ten of the user's list.
    """
    rows = pd.concat([connection.execute(query).df() for query in (HISTORIES, ITEMS)])
    return rows.assign(shop=shop).sort_values(["policy", "kind", "group_number", "model"])
