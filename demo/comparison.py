"""Print the comparison of all models and three queries to go on with, from the DuckDB file that dbt built."""

from __future__ import annotations

import argparse

import duckdb

COMPARISON = """
    select recalls.policy, recalls.model, recalls.recall, recalls.recall_low, recalls.recall_high,
        lifts.lift, lifts.lift_low, lifts.lift_high
    from recall_by_model as recalls
    left join model_comparisons as lifts
        on recalls.model = lifts.model and recalls.policy = lifts.policy
            and recalls.k = lifts.k and recalls.slice = lifts.slice and lifts.baseline = 'als'
    where recalls.k = 10 and recalls.slice = 'all'
    order by recalls.policy desc, recalls.recall desc, recalls.model
"""
QUERIES = {
    "What one household is recommended, and from what it is known": """
select rank, item_id, item_label, round(score, 3) as score, source
from recommendations
where user_id = '1' order by rank""",
    "Where the towers are strong and weak": """
select policy, slice, round(recall, 4) as recall, round(recall_low, 4) as low, round(recall_high, 4) as high
from recall_by_model where model = 'two_tower' and k = 10 order by policy, slice""",
    "Whom the towers serve better or worse than ALS": """
select towers.user_id, round(towers.recall, 2) as two_tower, round(als.recall, 2) as als
from recall_by_user as towers join recall_by_user as als using (policy, k, slice, user_id)
where towers.model = 'two_tower' and als.model = 'als' and policy = 'allow_repeats' and k = 10 and slice = 'all'
order by abs(towers.recall - als.recall) desc, user_id limit 10""",
}


def table_lines(
    rows: list[tuple[str, str, float, float, float, float | None, float | None, float | None]],
) -> list[str]:
    """The comparison as lines of text, one block per policy. rows: those of COMPARISON."""
    lines: list[str] = []
    policy_before = None
    for policy, model, recall, low, high, lift, lift_low, lift_high in rows:
        if policy != policy_before:
            lines += [
                "",
                f"{f'policy {policy}':<20} {'recall@10':>9}  {'95 % interval':<17} {'against ALS':>11}  95 % interval",
            ]
            policy_before = policy
        line = f"  {model:<18} {recall:9.4f}  {f'{low:.4f} - {high:.4f}':<17}"
        if lift is not None and lift_low is not None and lift_high is not None:
            line += f" {lift:+11.1%}  {lift_low:+.1%} to {lift_high:+.1%}"
        lines.append(line.rstrip())
    return lines


def main() -> None:
    """Print the report. Exits with a message where the evaluation has not been built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", nargs="?", default="two_tower.duckdb", help="(default: %(default)s)")
    database = parser.parse_args().database
    try:
        with duckdb.connect(database, read_only=True) as connection:
            rows = connection.execute(COMPARISON).fetchall()
    except duckdb.Error as error:
        raise SystemExit(f"No comparison in {database}: {error}") from None
    print("\n".join(table_lines(rows)))
    command = f"import duckdb; duckdb.connect('{database}').sql('''<query>''').show()"
    print(f'\nWhere to look next: .venv/bin/python -c "{command}"')
    for title, query in QUERIES.items():
        print(f"\n-- {title}{query};")


if __name__ == "__main__":
    main()
