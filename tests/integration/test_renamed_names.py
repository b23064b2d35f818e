"""An old name of a var or of a policy gives one error, which says the new one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from helpers.dbt_runner import REPO
from helpers.package_project import PackageProject, make_package_project

OLD_VARS = {
    "two_tower_horizons": "two_tower_stages",
    "two_tower_training_snapshots": "two_tower_training_cutoffs",
    "two_tower_held_out_items": "two_tower_cold_start_item_share",
    "two_tower_held_out_users": "two_tower_cold_start_user_share",
    "two_tower_holdout": "two_tower_experiment_holdout_share",
    "two_tower_half_life_days": "two_tower_own_most_bought_half_life_days",
}
OLD_POLICIES = {  # a var whose value holds an old policy, the policy and its new name
    "two_tower_policy": ("new", "new", "unseen_only"),
    "two_tower_policies": (["allow_repeats", "new"], "new", "unseen_only"),
    "two_tower_min_recall": ({"repeats": 0.1}, "repeats", "allow_repeats"),
    "two_tower_ease": ({"new": {"regularization": 1.0}}, "new", "unseen_only"),
}
COMMAND = ["run", "--select", "stg_interactions"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> PackageProject:
    return make_package_project(tmp_path_factory.mktemp("renamed") / "shop")


@pytest.fixture
def written(shop: PackageProject) -> Iterator[PackageProject]:
    """The shop, whose dbt_project.yml is put back afterwards."""
    before = (shop.folder / "dbt_project.yml").read_text()
    yield shop
    (shop.folder / "dbt_project.yml").write_text(before)


@pytest.mark.parametrize("old", OLD_VARS)
def test_an_old_var_says_its_new_name(written: PackageProject, old: str) -> None:
    file = written.folder / "dbt_project.yml"
    file.write_text(file.read_text().replace("\nvars:\n", f"\nvars:\n  {old}: 1\n"))
    errors = written.dbt(*COMMAND).must_fail().errors
    assert f"var {old}: is called {OLD_VARS[old]} since 0.2.0." in errors
    assert f"Remedy: write {OLD_VARS[old]} in its place." in errors
    assert errors.count("Remedy: ") == 1


@pytest.mark.parametrize("var", OLD_POLICIES)
def test_an_old_policy_says_its_new_name(shop: PackageProject, var: str) -> None:
    value, old, new = OLD_POLICIES[var]
    errors = shop.dbt(*COMMAND, **{var: value}).must_fail().errors
    assert f"var {var}: '{old}' is called {new} since 0.2.0." in errors
    assert f"Remedy: write `{new}` in place of `{old}`." in errors
    assert errors.count("Remedy: ") == 1


def test_every_new_name_is_one_of_today() -> None:
    known = (REPO / "macros" / "vars" / "known_vars.sql").read_text()
    renamed = re.findall(r"'(\w+)': '(\w+)'", (REPO / "macros" / "vars" / "old_names.sql").read_text())
    assert len(renamed) == len(OLD_VARS) + 2
    for old, new in renamed:
        assert f"'{new}'" in known
        assert f"'{old}'" not in known
