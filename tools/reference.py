"""Reference of the project, read from its yml files and its code, as Markdown.

The documentation site calls `section` for each line `<!-- reference: NAME ARGUMENTS -->` of a page, so that no table of vars, columns or
macros is written by hand. `undescribed` names what has no sentence of description; a test holds it empty.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parent.parent
DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
DOC_CALL = re.compile(r"{{\s*doc\((?:'two_tower',\s*)?'(\w+)'\)\s*}}")
PLACEHOLDER = re.compile(r"^<!-- reference: (\S+)(?: (.*?))? -->$", re.MULTILINE)
SIGNATURE = re.compile(r"{%-?\s*(?:macro|test)\s+(\w+)\((.*?)\)\s*-?%}", re.DOTALL)


def section(name: str, arguments: list[str]) -> str:
    """One generated part of a page, by its name."""
    return SECTIONS[name](*arguments)


def filled(page: str) -> str:
    """A page with all of its placeholders replaced."""
    return PLACEHOLDER.sub(lambda found: section(found[1], (found[2] or "").split()), page)


def undescribed() -> list[str]:
    """Vars, public models and their columns, macros and generic tests without a sentence of description."""
    found = [(f"var {var['name']}", var["description"]) for var in project_vars()]
    for model in models():
        found.append((f"model {model['name']}", model["description"]))
        found += [(f"column {model['name']}.{c['name']}", c["description"]) for c in model["columns"]]
    found += [(f"macro {macro['name']}", macro["description"]) for macro in macros().values()]
    return [what for what, text in found if not is_sentence(text)]


def is_sentence(text: str) -> bool:
    """Whether a description has at least four words and ends like a sentence."""
    return len(text.split()) >= 4 and text.rstrip().endswith((".", ")", ":"))


def one_line(text: Any) -> str:
    """A description in one line, its calls of doc() replaced by the blocks they name."""
    with_blocks = DOC_CALL.sub(lambda found: doc_blocks()[found[1]], str(text or ""))
    return " ".join(with_blocks.split())


@cache
def doc_blocks() -> dict[str, str]:
    """The text of each docs block by its name."""
    pages = sorted((REPO / "models").rglob("*.md"))
    return {name: " ".join(text.split()) for page in pages for name, text in DOC_BLOCK.findall(page.read_text())}


def cell(text: Any) -> str:
    """Text that does not end the cell of a table."""
    return one_line(text).replace("|", "\\|")


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def ymls(folder: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The yml files under a folder and what is in them."""
    for path in sorted((REPO / folder).rglob("*.yml")):
        yield path, yaml.safe_load(path.read_text()) or {}


# --- vars


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
            [f"`{var['name']}`", f"`{var['default']}`" if var["default"] else "see file", var["allowed"], cell(var["description"])]
            for var in project_vars()
            if var["group"] == group
        ]  # fmt: skip
        text += [f"## {title[:1].upper()}{title[1:]}\n", note and f"{note[:1].upper()}{note[1:].rstrip('.')}.\n"]
        text.append(table(["var", "default", "may be", "what it does"], rows))
    return "\n".join(text)


# --- models


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


def models_section(access: str) -> str:
    """Tables of an access level with their columns."""
    text = []
    for model in models():
        if model["access"] == access:
            rows = [[f"`{c['name']}`", f"`{c.get('data_type', '')}`".replace("``", ""), cell(c["description"])] for c in model["columns"]]
            text += [f"## {model['name']}\n", f"{model['description']}\n", table(["column", "type", "meaning"], rows)]
    return "\n".join(text)


def model_list_section(access: str) -> str:
    """One line for each table of an access level: its first sentence."""
    rows = [
        [f"`{model['name']}`", model["folder"], cell(re.split(r"(?<=\.)\s", model["description"])[0])]
        for model in models()
        if model["access"] == access
    ]
    return table(["table", "folder", "what it holds"], rows)


# --- macros and generic tests


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
        text += [f"### {name}\n", f"```jinja\ntwo_tower.{name}({signatures()[name]})\n```\n", f"{macro['description']}\n"]
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
            rows = [[f"`{m['name']}`", cell(m["description"])] for m in macros().values() if m["file"] == path and "test_" not in m["name"]]
            text += [f"### {(path.parent.name if title == '' else title).capitalize()}\n", table(["macro", "what it is"], rows)]
    return "\n".join(text)


def generic_tests_section() -> str:
    """The generic tests of the package."""
    rows = [
        [f"`two_tower.{name.removeprefix('test_')}`", f"`{signatures()[name.removeprefix('test_')]}`", cell(macro["description"])]
        for name, macro in macros().items()
        if name.startswith("test_")
    ]
    return table(["test", "arguments", "it passes where"], rows)


def table_macros_section() -> str:
    """The table macros that stay in the database file."""
    rows = [
        [f"`{name.removeprefix('create_')}`", cell(macro["description"].replace("Table macro ", "").replace("Post-hook of", "From"))]
        for name, macro in macros().items()
        if name.startswith("create_")
    ]
    return table(["table macro", "arguments, columns and meaning"], rows)


# --- Python


def settings_section() -> str:
    """Every setting of the dataclasses of training/config.py: default and comment."""
    path = REPO / "training" / "config.py"
    lines, text = path.read_text().splitlines(), []
    for config in [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]:
        fields = [node for node in config.body if isinstance(node, ast.AnnAssign) and node.value is not None]
        if not fields or not any("dataclass" in ast.unparse(decorator) for decorator in config.decorator_list):
            continue
        documented = {
            before.lineno: str(after.value.value)
            for before, after in zip(config.body, config.body[1:], strict=False)
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        }
        rows = []
        for field in fields:
            comment = documented.get(field.lineno) or comments(lines, field.lineno, field.end_lineno or field.lineno)
            rows.append([f"`{ast.unparse(field.target)}`", f"`{ast.unparse(field.value)}`", cell(comment)])  # type: ignore[arg-type]
        text += [f"## {config.name}\n", f"{one_line(ast.get_docstring(config))}\n", table(["setting", "default", "meaning"], rows)]
    return "\n".join(text)


def comments(lines: list[str], first: int, last: int) -> str:
    """The comments of some lines of Python."""
    source = iter([line + "\n" for line in lines[first - 1 : last]])
    tokens = tokenize.generate_tokens(lambda: next(source, "").lstrip())
    return " ".join(token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT)


@cache
def docstrings(folder: str) -> dict[str, str]:
    """First paragraph of the docstring of every function in a folder, by its name."""
    found = {}
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
        called = next((says[name] for name in [*names, str(key.value)] if name in says and name != "of_any_columns"), "")
        rows.append([f"`{key.value}`", f"`{return_type(tree, value.elts[2])}`", cell(called)])
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
    for path in sorted((REPO / "training").rglob("*.py")):
        tree = ast.parse(path.read_text())
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "add_argument"]
        rows = []
        for call in calls:
            options = {k.arg: ast.literal_eval(k.value) for k in call.keywords if isinstance(k.value, ast.Constant)}
            names = ", ".join(f"`{a.value}`" for a in call.args if isinstance(a, ast.Constant))
            rows.append([names, f"`{options['default']}`" if options.get("default") is not None else "", cell(options.get("help"))])
        if rows:
            module = ".".join(path.relative_to(REPO / "training").with_suffix("").parts)
            text += [f"### training.{module}\n", f"{(ast.get_docstring(tree) or '').split(chr(10))[0]}\n"]
            text.append(table(["argument", "default", "meaning"], rows))
    return "\n".join(text)


def make_section() -> str:
    """The targets of the Makefile."""
    found = re.findall(r"^([a-z0-9.-]+):.*?## (.*)$", (REPO / "Makefile").read_text(), re.MULTILINE)
    return table(["command", "what it does"], [[f"`make {name}`", cell(text)] for name, text in found])


# --- errors


def errors_section() -> str:
    """Errors of the dbt checks: where they are raised, what is wrong and what to do."""
    return table(["raised by", "what is wrong", "what to do"], [[f"`{m}`", cell(p), cell(r)] for m, p, r in sql_errors()])


def sql_errors() -> Iterator[tuple[str, str, str]]:
    """Every call of macro input_error: the macro that makes it, the problem and the remedy."""
    for path in sorted((REPO / "macros").rglob("*.sql")):
        text = path.read_text()
        for inside in calls_of(text, "input_error"):
            parts = arguments_of(inside)
            yield path.stem, readable(f"{parts[0]} ~ ': ' ~ {parts[1]}", text), readable(parts[2], text)


def warnings_section() -> str:
    """Warnings of the dbt checks."""
    rows = [
        [f"`{path.stem}`", cell(readable(inside, path.read_text()))]
        for path in sorted((REPO / "macros").rglob("*.sql"))
        for inside in calls_of(path.read_text(), "exceptions.warn")
    ]
    return table(["raised by", "what it says"], rows)


def python_errors_section(*folders: str) -> str:
    """Errors of the Python functions and of training; what stands after the last semicolon is the remedy."""
    rows = []
    for path in [path for folder in folders for path in sorted((REPO / folder).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                problem, _, remedy = template(node.exc.args[0]).rpartition(";")
                if problem or remedy:
                    rows.append([f"`{path.stem}`", cell(problem or remedy), cell(remedy if problem else "")])
    return table(["raised by", "what is wrong", "what to do"], rows)


def template(node: ast.expr) -> str:
    """A text of Python with what is filled in replaced by an ellipsis; nothing where it is no text."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "…"
    return ""


def calls_of(text: str, name: str) -> Iterator[str]:
    """What stands between the brackets of each call of a macro."""
    for start in re.finditer(rf"(?<!macro ){re.escape(name)}\(", text):
        depth, end, quote = 1, start.end(), ""
        while depth:
            letter = text[end]
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            else:
                depth += {"(": 1, ")": -1}.get(letter, 0)
            end += 1
        yield text[start.end() : end - 1]


def arguments_of(inside: str) -> list[str]:
    """The arguments of a call, split at its own commas."""
    parts, depth, quote = [""], 0, ""
    for letter in inside:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def readable(expression: str, text: str = "") -> str:
    """A Jinja expression that makes a text: variables of the file are looked up, what is filled in becomes an ellipsis."""
    pieces = []
    plain = re.sub(r"(var|join|run_query|get)\('[^']*'\)", "filled", " ".join(expression.split()))
    for part in re.findall(r"'[^']*'|\"[^\"]*\"|[^~'\"]+", plain):
        name = part.strip()
        if part[0] in "'\"":
            pieces.append(part[1:-1])
        elif re.search(r"\belse\b", name):
            pieces.append(" / ")
        elif given := re.search(rf"set {re.escape(name)} = (.*?)\s*-?%}}", text, re.DOTALL) if name else None:
            pieces.append(readable(given[1]))
        elif name and not name.startswith("if "):
            pieces.append("…")
    return re.sub(r"…+", "…", "".join(pieces)).replace("\\n", " ")


SECTIONS: dict[str, Callable[..., str]] = {
    "vars": vars_section,
    "tables": models_section,
    "table-list": model_list_section,
    "macros": macros_section,
    "macro-list": macro_list_section,
    "generic-tests": generic_tests_section,
    "table-macros": table_macros_section,
    "training-settings": settings_section,
    "sql-functions": functions_section,
    "commands": commands_section,
    "make": make_section,
    "errors": errors_section,
    "warnings": warnings_section,
    "python-errors": python_errors_section,
}
