"""What candidates, their order, and the lists made of them promise, in SQL that shares nothing with the project's own.

Read are the team's tables (schema main), the staging models, embeddings, segments and categories. Judged are
candidates, ranked_candidates, recommendations, recommendations_by_category and the evaluated lists.
"""

from __future__ import annotations

from typing import Any

from helpers.every_input import VARS

DEFAULTS = {
    "two_tower_k": 10, "two_tower_candidates": 100, "two_tower_evaluation_k": 50, "two_tower_rank_depth": 100,
    "two_tower_policy": "allow_repeats", "two_tower_policies": ["allow_repeats", "unseen_only"], "two_tower_caps": {},
    "two_tower_min_chance": 0.002, "two_tower_value_weight": 0, "two_tower_diversity": 0, "two_tower_new_item_share": 0,
}  # fmt: skip
NEW_USERS_POPULAR = 200  # candidates of a user without a history, among which the features of the user decide
IN_FORCE = """
    coalesce(try_cast({0} as timestamp) <= localtimestamp::timestamp, true)
    and coalesce(try_cast({1} as timestamp) > localtimestamp::timestamp, true)
"""


def setting(variables: dict[str, Any], name: str) -> Any:
    """A var of a case: its own, that of the shop, or the default."""
    return (DEFAULTS | VARS | variables)[name]


def views(variables: dict[str, Any]) -> dict[str, str]:
    """Temporary tables that the promises read, in order."""
    policy, depth = setting(variables, "two_tower_policy"), setting(variables, "two_tower_rank_depth")
    weight = setting(variables, "two_tower_value_weight")
    k = setting(variables, "two_tower_k")
    return {
        "had": "select distinct user_id, item_id from stg_interactions",
        "rules": f"""
            select s.user_id, c.item_id, r.rule_id::varchar as rule_id, r.action::varchar as action,
                try_cast(r.position as integer) as position, try_cast(r.strength as double) as strength
            from main.campaigns as r, user_segments as s, item_categories as c
            where {IN_FORCE.format("r.valid_from", "r.valid_until")}
                and (r.action::varchar != 'pin' or try_cast(r.position as integer) between 1 and {k})
                and coalesce(r.segment::varchar = s.segment, true)
                and coalesce(r.item_id::varchar = c.item_id, true) and coalesce(r.category::varchar = c.category, true)
        """,
        "permitted": f"""
            select s.user_id, c.item_id, c.category
            from user_segments as s, item_categories as c
            where exists (
                    from main.stock as t
                    where t.item_id::varchar = c.item_id and coalesce(t.segment::varchar = s.segment, true)
                        and {IN_FORCE.format("t.available_from", "t.available_until")}
                )
                and not exists (
                    from main.complaints as x where x.user_id::varchar = s.user_id and x.item_id::varchar = c.item_id
                )
                and not exists (
                    from rules as r where r.action = 'exclude' and r.user_id = s.user_id and r.item_id = c.item_id
                )
        """,
        "unseen": "from permitted anti join had using (user_id, item_id)",
        "allowed": "from permitted" if policy == "allow_repeats" else "from unseen",
        "valued": f"""
            with known as (select median(item_value) as usual from stg_items where item_value > 0)
            select r.user_id, r.item_id, r.category,
                r.score * power(coalesce(greatest(i.item_value, 0) / usual, 1), {weight}) as valued
            from ranked_candidates as r inner join known on true left join stg_items as i using (item_id)
            where r.rank is not null
        """,
        "scales": f"""
            select user_id, if(max(worth) > min(worth), max(worth) - min(worth), 1) as scale
            from ranked_candidates where rank <= {depth} group by user_id
        """,
        "totals": """
            select r.user_id, r.item_id, r.score, r.rank, coalesce(b.strength, 0) * s.scale as boost,
                r.worth + coalesce(b.strength, 0) * s.scale as total
            from ranked_candidates as r inner join scales as s using (user_id)
            left join (
                select user_id, item_id, sum(if(action = 'bury', -strength, strength)) as strength
                from rules where action in ('boost', 'bury') group by all
            ) as b using (user_id, item_id)
            where r.rank is not null
        """,
        "listed": """
            select l.*, t.total, l.applied_rules, exists (
                from rules as r
                where r.action = 'pin' and r.user_id = l.user_id and r.item_id = l.item_id
                    and list_contains(l.applied_rules, r.rule_id)
            ) as is_pin
            from recommendations as l left join totals as t using (user_id, item_id)
        """,
        "pins": """
            select user_id, item_id, any_value(position) as place
            from rules inner join allowed using (user_id, item_id) where action = 'pin'
            group by user_id, item_id having count(*) = 1
            qualify count(*) over (partition by user_id, place) = 1
        """,
    }


def list_promises(variables: dict[str, Any], *, with_evaluation: bool) -> dict[str, str]:
    """Each promise and a query of what breaks it. What is evaluated is made by a run that trains."""
    k = setting(variables, "two_tower_k")
    n = max(setting(variables, name) for name in ("two_tower_candidates", "two_tower_k", "two_tower_evaluation_k"))
    popular = max(n // 2, k, setting(variables, "two_tower_evaluation_k"))
    policies = {setting(variables, "two_tower_policy"), *setting(variables, "two_tower_policies")}
    caps: dict[str, int] = setting(variables, "two_tower_caps")
    depth = max(k, setting(variables, "two_tower_rank_depth"))
    share = setting(variables, "two_tower_new_item_share")
    return {
        **of_candidates(n, popular),
        **of_repeats("allow_repeats" in policies),
        **of_ranking(k, share, setting(variables, "two_tower_diversity")),
        **of_lists(k, setting(variables, "two_tower_min_chance")),
        **({} if share else of_order()),
        **(of_caps(k, depth, caps) if caps else of_full_lists(k)),
        **({} if caps or share else of_best_lists(depth)),
        **(of_evaluation(setting(variables, "two_tower_evaluation_k")) if with_evaluation else {}),
    }


def of_candidates(n: int, popular: int) -> dict[str, str]:
    """Who may be listed at all: n by the towers, `popular` by popularity."""
    return {
        "candidates are what may be shown, repeats included, once, each found by something": """
            select 1 from candidates anti join permitted using (user_id, item_id) union all
            select 1 from candidates group by user_id, item_id having count(*) > 1 union all
            select 1 from candidates where len(found_by) = 0 or found_by != list_sort(list_distinct(found_by), 'asc')
        """,
        "a repeat is what the user had, and nothing else is found by the history": """
            select 1 from candidates left join had as h using (user_id, item_id)
            where is_repeat != (h.user_id is not null) or (not is_repeat and list_contains(found_by, 'history'))
        """,
        "the towers name the items with the largest dot product": f"""
            with scored as (
                select user_id, item_id, list_inner_product(u.embedding::double[], i.embedding::double[]) as score
                from unseen
                inner join user_embeddings as u using (user_id) inner join item_embeddings as i using (item_id)
                where u.stage = 'production' and i.stage = 'production' and u.source = 'history'
            ),
            judged as (
                select *, coalesce(list_contains(found_by, 'towers'), false) as is_found
                from scored left join candidates using (user_id, item_id)
            )
            select 1 from judged group by user_id
            having count(*) filter (where is_found) != least({n}, count(*))
                or min(score) filter (where is_found)
                < max(score) filter (where not is_found) - 1e-4 * (1 + max(abs(score)))
        """,
        "popularity names the items that most users had lately": f"""
            with known as (select user_id from had),
            judged as (
                select user_id, recent_users, coalesce(list_contains(found_by, 'popularity'), false) as is_found
                from unseen inner join item_features using (item_id) left join candidates using (user_id, item_id)
                where cutoff = 0
            )
            select 1 from judged group by user_id
            having count(*) filter (where is_found)
                != least(if(user_id in (from known), {popular}, {max(popular, NEW_USERS_POPULAR)}), count(*))
                or min(recent_users) filter (where is_found) < max(recent_users) filter (where not is_found)
        """,
        "neighbours were had by the same users": """
            select 1 from item_neighbours where not similarity between 0 and 1 or item_id = neighbour_id or support < 2
            union all
            select 1 from item_neighbours where stage = 'production' and support > (
                select count(*) from had as a inner join had as b using (user_id)
                where a.item_id = item_neighbours.item_id and b.item_id = neighbour_id
            )
        """,
        "what is pinned and may be shown is a candidate": """
            select 1 from pins anti join candidates using (user_id, item_id)
        """,
    }


def of_repeats(are_of_interest: bool) -> dict[str, str]:
    """Repeats, which the lists of a policy or `buy_again` show."""
    if not are_of_interest:
        return {
            "what was had is a candidate by rules alone": """
                select 1 from candidates where is_repeat and found_by != ['rules']
            """
        }
    return {
        "everything that was had and may be shown is a candidate": """
            select 1 from permitted semi join had using (user_id, item_id)
            anti join candidates using (user_id, item_id)
        """
    }


def of_ranking(k: int, new_item_share: float, diversity: float) -> dict[str, str]:
    """The order of the ranker by what a chance is worth, and the places that are kept for new items."""
    return {
        "a worth is the chance by the value, and each further item of a category counts less": f"""
            with found as (
                select user_id, category, worth,
                    row_number() over (partition by user_id, category order by worth desc) as n
                from ranked_candidates where rank is not null
            ),
            expected as (
                select user_id, category, row_number() over (partition by user_id, category order by valued desc) as n,
                    valued * power({1 - diversity}, n - 1) as worth
                from valued
            )
            select 1 from found full join expected using (user_id, category, n)
            where not coalesce(abs(found.worth - expected.worth) <= 1e-9 * (1e-6 + abs(expected.worth)), false)
        """,
        "the places that are kept for new items are theirs": f"""
            select 1 from ranked_candidates where rank is not null group by user_id
            having count(*) filter (where is_new and rank <= {k})
                < least(round({new_item_share} * {k}), count(*) filter (where is_new))
            union all
            select 1 from ranked_candidates
            where is_new and (is_repeat or item_id in (
                select item_id from stg_interactions group by item_id
                having min(event_at) < (select max(event_at) from stg_interactions) - interval 29 day
            ) and item_id not in (
                select item_id::varchar from main.stock group by all
                having min(available_from::timestamp) > localtimestamp::timestamp - interval 29 day
            ))
        """,
        "ranked candidates are candidates with a chance, and go by falling worth": """
            select 1 from ranked_candidates anti join candidates using (user_id, item_id) union all
            select 1 from ranked_candidates where not coalesce(score between 0 and 1, false) or isnan(score) union all
            select 1 from (
                select worth > lag(worth) over (partition by user_id, is_new order by rank asc) as is_wrong
                from ranked_candidates where rank is not null
            ) where is_wrong union all
            select 1 from ranked_candidates where rank is not null group by user_id, rank having count(*) > 1
        """,
        "what the policy allows has a rank, and nothing else": """
            select 1 from ranked_candidates
            left join (select *, true as is_allowed from allowed) using (user_id, item_id)
            where (rank is not null) != coalesce(is_allowed, false)
        """,
        "a source is the history of who has one": """
            select 1 from ranked_candidates
            where source != if(user_id in (select user_id from had), 'history', 'popularity')
        """,
    }


def of_lists(k: int, min_chance: float) -> dict[str, str]:
    """Lists under rules."""
    return {
        "lists hold what may be shown, once": """
            select 1 from recommendations anti join allowed using (user_id, item_id) union all
            select 1 from recommendations group by user_id, item_id having count(*) > 1
        """,
        "the score is the chance, the boost that of the rules": """
            select 1 from recommendations as l left join totals as t using (user_id, item_id)
            where not coalesce(l.score = t.score, false)
                or abs(l.boost - t.boost) > 1e-6 * greatest(abs(t.boost), 1e-3) or not isfinite(l.boost)
        """,
        "a pin stands on its place, or moves up where there is nothing for the places before it": f"""
            select 1 from pins left join listed as l using (user_id, item_id)
            where place <= {k} and not coalesce(
                l.rank = place or l.rank < place and not exists (
                    from listed as other
                    where other.user_id = l.user_id and other.rank > l.rank and not other.is_pin
                ), false
            )
        """,
        "applied rules are in force for the user and the item": """
            select 1 from (select user_id, item_id, unnest(applied_rules) as rule_id from recommendations)
            anti join rules using (user_id, item_id, rule_id)
        """,
        "reasons are items of the history": """
            select 1 from (select user_id, unnest(map_keys(reasons)) as item_id from recommendations)
            anti join had using (user_id, item_id)
        """,
        "lists by category hold the best of the category": f"""
            with judged as (
                select r.user_id, r.category, v.valued, l.rank, l.item_id is not null as is_listed
                from ranked_candidates as r inner join valued as v using (user_id, item_id)
                left join recommendations_by_category as l using (user_id, item_id)
                where r.score >= {min_chance}
            )
            select 1 from judged group by user_id, category
            having count(*) filter (where is_listed) != least({k}, count(*))
                or max(rank) != count(*) filter (where is_listed)
                or min(valued) filter (where is_listed) < max(valued) filter (where not is_listed) - 1e-12
            union all
            select 1 from recommendations_by_category as l inner join item_categories as c using (item_id)
            where l.category != c.category
        """,
    }


def of_order() -> dict[str, str]:
    """Lists in which no place is kept."""
    return {
        "what is not pinned stands by worth and boost": """
            select 1 from (
                select total > lag(total) over pins_aside + 1e-6 * greatest(abs(total), 1e-3) as is_wrong
                from listed where not is_pin
                window pins_aside as (partition by user_id order by rank asc)
            ) where is_wrong
        """
    }


def of_full_lists(k: int) -> dict[str, str]:
    """Lists without caps."""
    return {
        "lists are full": f"""
            select 1 from allowed left join recommendations as l using (user_id, item_id) group by user_id
            having count(l.item_id) != least({k}, count(*))
        """
    }


def of_best_lists(depth: int) -> dict[str, str]:
    """Lists without caps in which no place is kept."""
    return {
        "nothing better is left out of what rules look at": f"""
            select 1 from totals inner join (
                select user_id, min(total) as worst from listed where not is_pin group by user_id
            ) using (user_id)
            anti join listed using (user_id, item_id)
            where rank <= {depth} and total > worst + 1e-6 * greatest(abs(worst), 1e-3)
        """,
    }


def of_caps(k: int, depth: int, caps: dict[str, int]) -> dict[str, str]:
    """Lists under caps: none is exceeded but by pins, and a short list has no room for anything."""
    counts = ", ".join(
        f'count(*) filter (where other."{column}"::varchar = profile."{column}"::varchar) as n{place}'
        for place, column in enumerate(caps)
    )
    fits = " and ".join(f"n{place} < {cap}" for place, cap in enumerate(caps.values()))
    exceeded = " union all ".join(
        f"""
            select 1 from listed inner join stg_items as profile using (item_id)
            where profile."{column}" is not null
            group by user_id, profile."{column}"::varchar
            having count(*) > greatest({cap}, count(*) filter (where is_pin))
        """
        for column, cap in caps.items()
    )
    return {
        "caps are kept": exceeded,
        "a short list has no room under the caps": f"""
            with company as (select user_id, p.* from listed inner join stg_items as p using (item_id)),
            short as (select user_id from listed group by user_id having count(*) < {k}),
            others as (
                select r.user_id, r.item_id, {counts}
                from ranked_candidates as r semi join short using (user_id) semi join allowed using (user_id, item_id)
                anti join listed using (user_id, item_id)
                left join stg_items as profile on r.item_id = profile.item_id
                left join company as other on r.user_id = other.user_id
                where r.rank <= {depth}
                group by r.user_id, r.item_id
            )
            select 1 from others where {fits}
        """,
    }


def of_evaluation(evaluation_k: int) -> dict[str, str]:
    """Evaluated lists and what is measured on them."""
    return {
        "evaluated lists are full, and hold nothing that the policy forbids": f"""
            with known as (select distinct user_id, item_id from interaction_splits where window_number >= 1),
            sizes as (
                select policy, user_id, count(*) as n, max(rank) as last, count(distinct item_id) as items
                from evaluation_recommendations where model = 'two_tower' group by all
            ),
            catalogue as (select count(*) as items from item_categories)
            select 1 from evaluation_recommendations semi join known using (user_id, item_id)
            where policy = 'unseen_only'
            union all
            select 1 from catalogue, sizes
            left join (select user_id, count(*) as had from known group by user_id) using (user_id)
            where sizes.last != sizes.n or sizes.items != sizes.n
                or sizes.n != least({evaluation_k}, catalogue.items - if(policy = 'unseen_only', coalesce(had, 0), 0))
        """,
        "metrics are shares": """
            select 1 from recall_by_user
            where not coalesce(recall between 0 and 1, true) or not coalesce(ndcg between 0 and 1 + 1e-9, true)
            union all
            select 1 from ranker_calibration where not (said between 0 and 1 and happened between 0 and 1)
        """,
    }
