"""Vars, tables, macros and generic tests, as the yml files of the dbt project describe them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from .texts import REPO, cell, one_line, table, ymls

SIGNATURE = re.compile(r"{%-?\s*(?:macro|test)\s+(\w+)\((.*?)\)\s*-?%}", re.DOTALL)


def project_vars() -> list[dict[str, str]]:
    """Each var of dbt_project.yml: group, name, default, what it may be, and its comment."""
    allowed, group, found = known_vars(), "", []
    lines = (REPO / "dbt_project.yml").read_text().split("\nvars:\n")[1].splitlines()
    for line in lines:
        if heading := re.match(r"  # --- (.*)", line):
            group = heading[1]
        elif var := re.match(r"  (two_tower_\w+):(.*)", line):
            default, _, comment = var[2].partition("  # ")
            found.append({"group": group, "name": var[1], "default": default.strip(), "description": comment.strip()})
        elif found and (more := re.match(r"  # (.*)", line)):
            found[-1]["description"] += " " + more[1]
    return [var | {"allowed": allowed[var["name"]]} for var in found]


def known_vars() -> dict[str, str]:
    """What each var may be, in words, from macro known_vars."""
    (path,) = (REPO / "macros").rglob("known_vars.sql")
    literal = path.read_text().split("return(", 1)[1].rsplit(") }}", 1)[0]
    kinds: dict[str, dict[str, Any]] = ast.literal_eval(literal)
    return {name: in_words(kind) for name, kind in kinds.items()}


def in_words(kind: dict[str, Any]) -> str:
    """What a var may be."""
    words: str = kind["type"]
    if among := kind.get("among") or kind.get("keys"):
        words += ": " + ", ".join(f"`{value}`" for value in among)
    if kind.get("may_be_empty"):
        words += ", or empty"
    if "least" in kind:
        words += f" from {kind['least']}"
    if "most" in kind:
        words += f" to {kind['most']}"
    return words


def vars_section() -> str:
    """All vars by group."""
    text = []
    for group in dict.fromkeys(var["group"] for var in project_vars()):
        title, _, note = group.partition(": ")
        rows = [
            [f"`{var['name']}`", f"`{var['default'] or '...'}`", var["allowed"], cell(var["description"])]
            for var in project_vars()
            if var["group"] == group
        ]
        text += [f"## {title[:1].upper()}{title[1:]}\n", note and f"{note[:1].upper()}{note[1:].rstrip('.')}.\n"]
        text.append(table(["var", "default", "may be", "what it does"], rows))
    return "\n".join(text)


@cache
def folder_access() -> dict[str, str]:
    """Access by path of a model, as dbt_project.yml sets it for folders and models."""

    def walk(node: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
        if "+access" in node:
            yield path, node["+access"]
        for name, below in node.items():
            if isinstance(below, dict) and not name.startswith("+"):
                yield from walk(below, f"{path}/{name}")

    project = yaml.safe_load((REPO / "dbt_project.yml").read_text())
    return dict(walk(project["models"]["two_tower"], ""))


def models() -> list[dict[str, Any]]:
    """Every model: name, folder, access, description, columns."""
    found = []
    for path, content in ymls("models"):
        folder = path.parent.relative_to(REPO / "models").as_posix()
        for model in content.get("models", []):
            place = f"/{folder}/{model['name']}"
            of_folder = [access for prefix, access in folder_access().items() if f"{place}/".startswith(f"{prefix}/")]
            found.append(
                {
                    "name": model["name"],
                    "folder": folder,
                    "access": model.get("config", {}).get("access") or (of_folder or ["protected"])[-1],
                    "description": one_line(model.get("description")),
                    "columns": [c | {"description": one_line(c.get("description"))} for c in model.get("columns", [])],
                }
            )
    return found


def data_type(column: dict[str, Any]) -> str:
    """The type of a column, with the names of vars in place of their values."""
    return re.sub(r"{{ var\('(\w+)'\)(?: \| int)?(.*?) }}", r"\1\2", column.get("data_type", ""))


def models_section(access: str) -> str:
    """Tables of an access level with their columns."""
    text = []
    for model in models():
        if model["access"] == access:
            columns = [(c["name"], data_type(c), c["description"]) for c in model["columns"]]
            rows = [[f"`{name}`", f"`{kind}`" if kind else "", cell(says)] for name, kind, says in columns]
            text += [f"## {model['name']}\n", f"{model['description']}\n", table(["column", "type", "meaning"], rows)]
    return "\n".join(text)


def model_list_section(access: str) -> str:
    """One line for each table of an access level: its first sentence."""
    link = "[`{0}`](#{0})" if access == "public" else "`{0}`"
    rows = [
        [link.format(model["name"]), model["folder"], cell(re.split(r"(?<=\.)\s", model["description"])[0])]
        for model in models()
        if model["access"] == access
    ]
    return table(["table", "folder", "what it holds"], rows)


@cache
def signatures() -> dict[str, str]:
    """Arguments of each macro and generic test by its name, as they are written."""
    texts = [path.read_text() for folder in ("macros", "tests/dbt") for path in sorted((REPO / folder).rglob("*.sql"))]
    return {name: " ".join(inside.split()) for text in texts for name, inside in SIGNATURE.findall(text)}


@cache
def macros() -> dict[str, dict[str, Any]]:
    """Every macro that a yml describes, by name, with the file that does."""
    return {
        macro["name"]: macro | {"description": one_line(macro.get("description")), "file": path}
        for folder in ("macros", "tests/dbt")
        for path, content in ymls(folder)
        for macro in content.get("macros", [])
    }


def macros_section(*names: str) -> str:
    """Some macros with their arguments."""
    text = []
    for name in names:
        macro = macros()[name]
        call = f"```jinja\ntwo_tower.{name}({signatures()[name]})\n```\n"
        text += [f"### {name}\n", call, f"{macro['description']}\n"]
        arguments = macro.get("arguments", [])
        rows = [[f"`{a['name']}`", a.get("type", ""), cell(a.get("description"))] for a in arguments]
        text.append(table(["argument", "type", "meaning"], rows) if rows else "")
    return "\n".join(text)


def macro_list_section() -> str:
    """All macros by the file that describes them."""
    text = []
    for path in dict.fromkeys(macro["file"] for macro in macros().values()):
        if path.is_relative_to(REPO / "macros"):
            title = path.stem.strip("_").removesuffix("macros").strip("_") or path.parent.name
            here = [m for name, m in macros().items() if m["file"] == path and not name.startswith("test_")]
            rows = [[f"`{m['name']}`", cell(m["description"])] for m in here]
            text += [
                f"### {(path.parent.name if title == '' else title).capitalize()}\n",
                table(["macro", "what it is"], rows),
            ]
    return "\n".join(text)


def generic_tests_section() -> str:
    """The generic tests of the package."""
    found = {name.removeprefix("test_"): macro for name, macro in macros().items() if name.startswith("test_")}
    rows = [
        [f"`two_tower.{name}`", f"`{signatures()[name]}`", cell(macro["description"])] for name, macro in found.items()
    ]
    return table(["test", "arguments", "meaning"], rows)


def table_macros_section() -> str:
    """The table macros that stay in the database file."""
    found = {
        name.removeprefix("create_"): macro["description"] for name, macro in macros().items() if "create_" in name
    }
    rows = [[f"`{name}`", cell(text.removeprefix("Table macro "))] for name, text in found.items()]
    return table(["table macro", "arguments, columns and meaning"], rows)
