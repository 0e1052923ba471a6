"""A right that is lost while a tree is copied: each file it concerns is named, the rest arrives, nothing is half."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rsh.files.disk.part_names import part_name
from tests.machines import SOON, Daemon, Home, obey_permissions
from tests.scenarios.trees import described, failures_told

MIB = 1024 * 1024
LARGE = 6 * MIB


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that minds the permissions of files although it may be root's."""
    with Daemon(Home(tmp_path_factory.mktemp("bound") / "account"), preexec_fn=obey_permissions) as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tree whose large file is on its way for some seconds."""
    top = tmp_path / "source"
    for folder in ("a", "m", "z"):
        (top / folder).mkdir(parents=True)
        for name in ("1", "3", "4"):
            (top / folder / name).write_text(f"new {folder}/{name}")
    (top / "m" / "2").write_bytes(os.urandom(LARGE))
    return top


@pytest.fixture
def target(tmp_path: Path) -> Path:
    top = tmp_path / "target"
    (top / "z").mkdir(parents=True)
    (top / "z" / "3").write_text("old")
    return top


def ends(bound: Daemon, verb: str, source: Path, target: Path) -> list[str]:
    if verb == "put":
        return [f"{source}/.", f"{bound.host}:{target}"]
    return [f"{bound.host}:{source}/.", str(target)]


def copied(bound: Daemon, verb: str, source: Path, target: Path, meanwhile: Callable[[], object]) -> tuple[int, str]:
    """Copy, do something while the large file is on its way; give the status and what was said."""
    client = bound.home.spawn(
        *(verb, "-q", "--limit", "2M", *ends(bound, verb, source, target)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=obey_permissions,
    )
    part = target / "m" / os.fsdecode(part_name(b"2"))
    while not (part.exists() and (target / "m" / "1").exists()):
        assert client.poll() is None
        time.sleep(0.005)  # another process makes it
    meanwhile()
    _, errors = client.communicate(timeout=SOON)
    return client.returncode, errors.decode()


def lines(verb: str, folder: Path | str, *names: str) -> list[str]:
    return [f"rsh: {verb}: {folder}/{name}: Permission denied" for name in names]


@pytest.mark.parametrize("verb", ["put", "get"])
def test_directory_being_filled_that_becomes_read_only(bound: Daemon, source: Path, target: Path, verb: str) -> None:
    status, said = copied(bound, verb, source, target, lambda: (target / "m").chmod(0o555))
    assert status == 1 and failures_told(said) == lines(verb, target / "m", "2", "3", "4")
    assert (target / "m" / "1").read_text() == "new m/1" and (target / "z" / "3").read_text() == "new z/3"
    left = set(os.listdir(target / "m")) - {"1"}
    assert all(name.endswith(".part") for name in left), "under a final name there is nothing half"
    (target / "m").chmod(0o755)
    done = bound.home.rsh(verb, *ends(bound, verb, source, target), preexec_fn=obey_permissions)
    assert (done.returncode, done.stderr) == (0, b"") and described(target) == described(source), (
        "with nothing left over"
    )


@pytest.mark.parametrize("verb", ["put", "get"])
def test_directory_further_on_that_becomes_read_only(bound: Daemon, source: Path, target: Path, verb: str) -> None:
    status, said = copied(bound, verb, source, target, lambda: (target / "z").chmod(0o555))
    assert status == 1 and failures_told(said) == lines(verb, target / "z", "1", "3", "4")
    assert os.listdir(target / "z") == ["3"] and (target / "z" / "3").read_text() == "old"
    assert described(target / "m") == described(source / "m")


@pytest.mark.parametrize("verb", ["put", "get"])
def test_source_that_may_not_be_read_any_more(bound: Daemon, source: Path, target: Path, verb: str) -> None:
    def seal() -> None:
        (source / "m" / "3").chmod(0)
        (source / "z").chmod(0)

    status, said = copied(bound, verb, source, target, seal)
    assert status == 1 and failures_told(said) == [*lines(verb, f"{source}/./m", "3"), *lines(verb, f"{source}/.", "z")]
    assert sorted(os.listdir(target / "m")) == ["1", "2", "4"]
    assert os.listdir(target / "z") == ["3"] and (target / "z" / "3").read_text() == "old"
