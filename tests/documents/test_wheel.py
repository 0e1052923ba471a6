"""The wheel: what is installed where."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rsh import __version__

ROOT = Path(__file__).parent.parent.parent
PLACES = {
    "man/rsh.1": "share/man/man1/rsh.1",
    "man/rsh-server.8": "share/man/man8/rsh-server.8",
    "man/rsh-protocol.7": "share/man/man7/rsh-protocol.7",
    "completions/rsh.bash": "share/bash-completion/completions/rsh",
    "completions/rsh-server.bash": "share/bash-completion/completions/rsh-server",
    "completions/_rsh": "share/zsh/site-functions/_rsh",
    "completions/_rsh-server": "share/zsh/site-functions/_rsh-server",
    "completions/rsh.fish": "share/fish/vendor_completions.d/rsh.fish",
    "completions/rsh-server.fish": "share/fish/vendor_completions.d/rsh-server.fish",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return zipfile.ZipFile(found)


def test_manual_pages_and_completions_are_in_their_places(wheel: zipfile.ZipFile) -> None:
    data = f"rsh-{__version__}.data/data/"
    assert {name.removeprefix(data) for name in wheel.namelist() if name.startswith(data)} == set(PLACES.values())
    for source, place in PLACES.items():
        assert wheel.read(data + place) == (ROOT / source).read_bytes()


def test_the_package_is_whole_and_typed(wheel: zipfile.ZipFile) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "rsh").rglob("*.py")}
    assert modules | {"rsh/py.typed"} <= set(wheel.namelist())
    assert not [name for name in wheel.namelist() if name.startswith("tests")]


def test_both_programs_are_installed(wheel: zipfile.ZipFile) -> None:
    text = wheel.read(f"rsh-{__version__}.dist-info/entry_points.txt").decode()
    assert "rsh = rsh.entry:main" in text
    assert "rsh-server = rsh.server.cli:main" in text


def test_what_shells_read_is_there(wheel: zipfile.ZipFile) -> None:
    files = {
        f"rsh/holder/zsh/{name}" for name in (".zshenv", ".zprofile", ".zshrc", ".zlogin", "read", "begin", "complete")
    }
    assert files | {"rsh/holder/bash/complete"} <= set(wheel.namelist())
