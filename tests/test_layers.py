"""Folders are layers: imports go one way only, and no two modules import each other, at whatever distance."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "rsh"

# Who may import whom, beside the modules of its own folder. What is not here, nobody may.
GROUND = {"errors", "places", "escape", "__init__"}
MAY_IMPORT = {
    "errors": {"__init__", "escape"},
    "places": {"errors"},
    "escape": set(),
    "holder": set(),
    "protocol": GROUND,
    "transport": GROUND,
    "trust": GROUND,
    "session": GROUND | {"protocol", "transport"},
    "files": GROUND | {"protocol"},
    "server": GROUND | {"holder", "protocol", "transport", "trust", "session", "files"},
    "client": GROUND | {"protocol", "transport", "trust", "session", "files"},
    "embedded": GROUND | {"transport", "server"},
    "expect": GROUND | {"protocol", "session", "client"},
    "entry": GROUND | {"transport", "client", "embedded"},
    "__main__": {"entry"},
    "__init__": {"client"},
}

# The floors of a large layer: the modules of each may import those of its own and of the ones before it.
FLOORS = {
    "files": ("disk", "stream", "transfer", "upkeep", "sync"),
    "client": ("text", "terminal", "dialling", "api", "cli", "transfer", "shell", "commands", "editor", "prompt"),
}

# Modules that show something on a screen: only these may import what draws there.
SCREEN = {"prompt_toolkit", "pyfiglet", "pygments", "rich"}
SCREEN_MODULES = {
    "rsh.client.editor.screen",
    "rsh.client.editor.giving_way",
    "rsh.client.editor.paper",
    "rsh.client.editor.bottom_line",
    "rsh.client.editor.above",
    "rsh.client.editor.aside",
    "rsh.client.editor.banner",
    "rsh.client.transfer.bars",
    "rsh.client.editor.bindings",
    "rsh.client.editor.highlighting",
    "rsh.client.editor.late_completion",
    "rsh.client.editor.line_history",
    "rsh.client.editor.line_input",
    "rsh.client.editor.menu",
    "rsh.client.editor.spinner",
    "rsh.client.editor.completing",
    "rsh.client.editor.cutting",
    "rsh.client.editor.line_session",
    "rsh.client.editor.long_lines",
    "rsh.client.editor.repeating",
    "rsh.client.editor.searching",
    "rsh.client.editor.vi_keys",
}

# What the protocol must not know: it has no socket, thread, clock or file.
OUTSIDE = {"socket", "ssl", "threading", "time", "os", "subprocess", "select", "queue", "io"}


def modules() -> dict[str, Path]:
    """Give all modules of the package by their dotted names."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Give the modules that a file imports anywhere in it, functions and TYPE_CHECKING included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else node.module)
    return found


def layer(module: str) -> str:
    """Give the layer that a module of ours belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_imports_go_down_the_ladder_only() -> None:
    known = modules()
    wrong = [
        f"{module} imports {imported}"
        for module, path in known.items()
        for imported in imports(path, known)
        if imported.split(".")[0] == "rsh" and layer(imported) not in MAY_IMPORT[layer(module)] | {layer(module)}
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("large", FLOORS)
def test_floors_of_a_large_layer_import_downwards_only(large: str) -> None:
    known = modules()

    def floor(module: str) -> int:
        return FLOORS[large].index(module.split(".")[2])

    own = {module: path for module, path in known.items() if module.startswith(f"rsh.{large}.")}
    wrong = [
        f"{module} imports {imported}"
        for module, path in own.items()
        for imported in imports(path, known)
        if imported in own and floor(imported) > floor(module)
    ]
    assert not wrong, wrong


def test_no_module_imports_itself_over_others() -> None:
    known = modules()
    edges = {module: {name for name in imports(path, known) if name in known} for module, path in known.items()}
    # The package's face hands its API on lazily; it is no part of any ladder.
    edges.pop("rsh")
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"circle: {' -> '.join((*way, module))}"
        if module in done or module not in edges:
            return
        for imported in edges[module]:
            visit(imported, (*way, module))
        done.add(module)

    for module in edges:
        visit(module, ())


def test_protocol_knows_nothing_of_the_world() -> None:
    known = modules()
    wrong = {
        module: imports(path, known) & OUTSIDE
        for module, path in known.items()
        if layer(module) == "protocol" and imports(path, known) & OUTSIDE
    }
    assert not wrong, wrong


def test_only_screen_modules_import_what_draws() -> None:
    known = modules()
    wrong = []
    for module, path in known.items():
        drawn = {name.split(".")[0] for name in imports(path, known)} & SCREEN
        if drawn and module not in SCREEN_MODULES:
            wrong.append((module, drawn))
    assert not wrong, wrong
