"""Settings, SQL functions and commands, as the Python code and the Makefile state them."""

from __future__ import annotations

import ast
import re
import tokenize
from functools import cache

from .texts import REPO, cell, one_line, table


def settings_section() -> str:
    """Every setting of the dataclasses of training/config.py: default and comment."""
    path = REPO / "training" / "config.py"
    lines, text = path.read_text().splitlines(), []
    for config in [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]:
        fields = [
            (node, node.value) for node in config.body if isinstance(node, ast.AnnAssign) and node.value is not None
        ]
        if not fields or not any("dataclass" in ast.unparse(decorator) for decorator in config.decorator_list):
            continue
        documented = {
            before.lineno: str(after.value.value)
            for before, after in zip(config.body, config.body[1:], strict=False)
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        }
        rows = []
        for field, default in fields:
            comment = documented.get(field.lineno) or comments(lines, field.lineno, field.end_lineno or field.lineno)
            rows.append([f"`{ast.unparse(field.target)}`", f"`{ast.unparse(default)}`", cell(comment)])
        text += [
            f"## {config.name}\n",
            f"{one_line(ast.get_docstring(config))}\n",
            table(["setting", "default", "meaning"], rows),
        ]
    return "\n".join(text)


def comments(lines: list[str], first: int, last: int) -> str:
    """The comments of some lines of Python."""
    source = iter([line + "\n" for line in lines[first - 1 : last]])
    tokens = tokenize.generate_tokens(lambda: next(source, "").lstrip())
    return " ".join(token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT)


@cache
def docstrings(folder: str) -> dict[str, str]:
    """First paragraph of the docstring of every function in a folder, by its name."""
    found: dict[str, str] = {}
    for path in sorted((REPO / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
                found.setdefault(node.name, " ".join(text.split("\n\n")[0].split()))
                found[f"{path.stem}.{node.name}"] = found[node.name]
    return found


def functions_section() -> str:
    """The functions that the plugin makes callable from SQL."""
    tree = ast.parse((REPO / "python_udfs" / "plugin.py").read_text())
    (function,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "functions"]
    (given,) = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    local = {ast.unparse(n.targets[0]): n.value for n in ast.walk(function) if isinstance(n, ast.Assign)}
    assert isinstance(given, ast.Dict)
    rows, says = [], docstrings("python_udfs")
    for key, value in zip(given.keys, given.values, strict=True):
        assert isinstance(key, ast.Constant)
        assert isinstance(value, ast.Tuple)
        runs = local.get(ast.unparse(value.elts[0]), value.elts[0])
        names = [ast.unparse(n) for n in ast.walk(runs) if isinstance(n, ast.Name | ast.Attribute)]
        called = next(
            (says[name] for name in [*names, str(key.value)] if name in says and name != "of_any_columns"), ""
        )
        rows.append([f"`{ast.literal_eval(key)}`", f"`{return_type(tree, value.elts[2])}`", cell(called)])
    return table(["function", "result", "what it does"], rows)


def return_type(plugin: ast.Module, node: ast.expr) -> str:
    """A type as the plugin names it: a text, or a constant that it imports."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    wanted = ast.unparse(node)
    for imported in [n for n in ast.walk(plugin) if isinstance(n, ast.ImportFrom)]:
        for name in imported.names:
            if wanted == (name.asname or name.name):
                (path,) = (REPO / "python_udfs").rglob(f"{(imported.module or '').split('.')[-1]}.py")
                found = re.search(rf"^{name.name} = \"(.*)\"", path.read_text(), re.MULTILINE)
                return found[1] if found else wanted
    return wanted


def commands_section() -> str:
    """Arguments of every command of the Python package."""
    text = []
    for path in sorted([*(REPO / "report").rglob("*.py"), *(REPO / "training").rglob("*.py")]):
        tree = ast.parse(path.read_text())
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "add_argument"]
        rows = []
        for call in calls:
            given = {k.arg: ast.literal_eval(k.value) for k in call.keywords if isinstance(k.value, ast.Constant)}
            names = ", ".join(f"`{ast.literal_eval(a)}`" for a in call.args if isinstance(a, ast.Constant))
            default = f"`{given['default']}`" if given.get("default") is not None else ""
            rows.append([names, default, cell(given.get("help"))])
        if rows:
            module = ".".join(path.relative_to(REPO).with_suffix("").parts)
            text += [f"### {module}\n", f"{(ast.get_docstring(tree) or '').split(chr(10))[0]}\n"]
            text.append(table(["argument", "default", "meaning"], rows))
    return "\n".join(text)


def make_section() -> str:
    """The targets of the Makefile."""
    found = re.findall(r"^([a-z0-9.-]+):.*?## (.*)$", (REPO / "Makefile").read_text(), re.MULTILINE)
    return table(["command", "what it does"], [[f"`make {name}`", cell(text)] for name, text in found])
