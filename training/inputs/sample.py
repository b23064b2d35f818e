"""Which users training learns from, where these are not all."""

from __future__ import annotations

import duckdb

SPAN = 2**32  # numbers of the first 8 digits of an md5


def share_of_users(users: duckdb.DuckDBPyRelation, most: int) -> float:
    """Share of the users of a relation that are at most so many; most: 0 = all. At most 1."""
    if not most:
        return 1.0
    ((count,),) = users.aggregate("count(distinct user_id)").fetchall()
    return min(1.0, most / max(int(count), 1))


def sample_of_users(relation: duckdb.DuckDBPyRelation, share: float) -> duckdb.DuckDBPyRelation:
    """The rows of a share of the users, by a hash of user_id: the same users in all tables and nights."""
    if share >= 1:
        return relation
    return relation.filter(f"cast('0x' || left(md5(user_id), 8) as bigint) < {round(share * SPAN)}")
