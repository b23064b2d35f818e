"""The dbt package as others install it: one version, and no ref or macro call that another could catch."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import duckdb
import pytest
import yaml
from two_tower.python_udfs import installation
from two_tower.python_udfs.plugin import register

REPO = Path(__file__).parents[2]


def sources() -> dict[str, str]:
    folders = [REPO / "models", REPO / "macros", REPO / "tests" / "dbt"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".sql", ".py", ".yml")]
    return {str(path.relative_to(REPO)): path.read_text() for path in files}


def test_the_package_and_the_distribution_have_one_version() -> None:
    macro = re.search(r"return\('(.+)'\)", (REPO / "macros" / "checks" / "package_version.sql").read_text())
    assert macro
    project = yaml.safe_load((REPO / "dbt_project.yml").read_text())
    distribution = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    assert {macro.group(1), distribution["version"]} == {project["version"]}
    assert installation.version() == project["version"]


def test_every_folder_of_python_is_a_package_of_the_distribution() -> None:
    setup = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {name: REPO / folder for name, folder in setup["package-dir"].items()}
    found = {
        ".".join([name, *path.parent.relative_to(folder).parts])
        for name, folder in folders.items()
        for path in folder.rglob("*.py")
    }
    assert sorted(found) == sorted(setup["packages"])
    assert all((REPO / name.removeprefix("two_tower.").replace(".", "/") / "__init__.py").exists() for name in found)


def test_every_ref_names_the_package() -> None:
    loose = re.compile(r"""(?<!builtins\.)\bref\(\s*['"]?(?!two_tower['"])\w+['"]?\s*\)""")
    found = {path: loose.findall(text) for path, text in sources().items() if path != "macros/inputs/named_model.sql"}
    assert {path: refs for path, refs in found.items() if refs} == {}


def test_names_of_our_models_are_known() -> None:
    text = (REPO / "macros" / "inputs" / "named_model.sql").read_text()
    listed = re.findall(r"'(\w+)'", text.split("set ours =")[1].split("] -%}")[0])
    ours = [path for path in (REPO / "models").rglob("*") if path.suffix in (".sql", ".py")]
    assert sorted(listed) == sorted(path.stem for path in ours if path.parent.name != "demo"), "the demo is an input"


def test_every_macro_of_ours_is_called_by_its_package() -> None:
    ours = "".join(text for path, text in sources().items() if path.startswith("macros/"))
    names = "|".join(re.findall(r"\{%-? macro (\w+)\(", ours))
    call = re.compile(rf"(?<![\w.'])({names})\(")
    found = {}
    for path, text in sources().items():
        jinja = re.findall(r"\{\{.*?\}\}|\{%-? (?!macro|test).*?%\}", text, re.DOTALL)
        found[path] = [name for part in jinja for name in call.findall(part)]
    assert {path: calls for path, calls in found.items() if calls} == {}


def test_no_function_of_the_plugin_is_allowed_in_a_view() -> None:
    statement = (REPO / "macros" / "checks" / "check_views.sql").read_text().split("set functions =")[1].split("-%}")[0]
    refused = re.compile("".join(re.findall("'(.+)'", statement)).replace("\\\\", "\\"))
    with duckdb.connect() as connection:
        query = "select distinct function_name from duckdb_functions()"
        before = connection.execute(query).fetchall()
        register(connection)
        ours = {name for (name,) in set(connection.execute(query).fetchall()) - set(before)}
    assert len(ours) > 1
    assert [name for name in ours if not refused.fullmatch(name)] == []
    assert refused.search("select {{ two_tower.needed_users(mean=0.05, lift=0.1) }}")


def test_missing_packages_are_those_of_the_train_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_two_tower(name: str) -> str:
        if name != "two-tower":
            raise metadata.PackageNotFoundError(name)
        return "0.1.0"

    assert installation.missing_packages() == []
    monkeypatch.setattr(metadata, "version", only_two_tower)
    extra = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["optional-dependencies"]["train"]
    assert sorted(installation.missing_packages()) == sorted(re.split(r"[^\w.-]", line)[0] for line in extra)


def test_settings_have_the_defaults_of_the_project() -> None:
    text = (REPO / "macros" / "vars" / "known_vars.sql").read_text()
    found = dict(re.findall(r"'(two_tower_\w+)': \{[^{}]*'default': ([^}]+)\}", text))
    project = yaml.safe_load((REPO / "dbt_project.yml").read_text())["vars"]
    assert {name: yaml.safe_load(value) for name, value in found.items()} == {name: project[name] for name in found}
    asked = set(re.findall(r"two_tower\.setting\('(\w+)'\)", "".join(sources().values())))
    assert asked == found.keys()


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package in a file of requirements."""
    text = (REPO / name).read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        pin = re.match(r"([a-z0-9.-]+)==([^ ;]+)", line)
        assert pin, (name, line)
        found[pin[1]] = (pin[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line)))
    return found


@pytest.mark.parametrize("path", sorted((REPO / "requirements").glob("*.txt")), ids=lambda path: str(path.stem))
def test_every_locked_package_has_hashes_and_no_registry_is_named(path: Path) -> None:
    packages = locked(f"requirements/{path.name}")
    assert packages
    assert [name for name, (_, hashes) in packages.items() if not hashes] == []
    assert "//" not in path.read_text()


def test_locked_versions_are_those_of_the_constraints() -> None:
    """All packages of pyproject.toml are there, torch aside."""
    constraints = locked("constraints.txt")
    names = ("development", "benchmarks", "serving")
    files = {name: locked(f"requirements/{name}.txt") for name in names}
    for packages in files.values():
        assert {name: (version, 0) for name, (version, _) in packages.items()}.items() <= constraints.items()
    assert constraints.keys() == {"torch"} | files["development"].keys() | files["benchmarks"].keys()
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "serving": project["dependencies"],
        "development": [
            *project["dependencies"],
            *(line for name in extras if name not in ("benchmarks", "ray") for line in extras[name]),
        ],
        "benchmarks": [*extras["benchmarks"], *extras["ray"]],
    }
    for name, requirements in wanted.items():
        asked = {re.split(r"[^\w.-]", line)[0].lower() for line in requirements} - {"torch"}
        assert asked <= files[name].keys(), name


def test_make_installs_packages_by_their_hashes_alone() -> None:
    """But for torch, and the project's own folder, whose packages are there by then."""
    text = (REPO / "Makefile").read_text()
    calls = re.findall(r"\$\(PIP\) (.+)", text)
    assert calls
    allowed = r"--no-deps --require-hashes -r requirements/.*|torch==[\d.]+|--no-deps --no-build-isolation -e \."
    assert [call for call in calls if not re.fullmatch(allowed, call)] == []
    assert not re.search(r"\bpip install\b", text)
