from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rsh.server import landlock

pytestmark = pytest.mark.skipif(not landlock.version(), reason="the kernel has no Landlock")


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """The directory to be kept in, beside a file that is out of reach."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "file").write_text("inside")
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "inside"


def confined(inside: Path, work: Callable[[], object], *, writable: bool = True) -> object:
    """Do something in a thread that is confined; give what came of it, an exception too."""
    outcome: list[object] = []

    def run() -> None:
        try:
            landlock.restrict(os.fsencode(inside), writable=writable)
            outcome.append(work())
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


def in_a_thread(work: Callable[[], object]) -> object:
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


def test_files_beneath_are_read_and_written(inside: Path) -> None:
    assert confined(inside, (inside / "file").read_text) == "inside"
    assert confined(inside, lambda: (inside / "new").write_text("x")) == 1
    assert confined(inside, lambda: os.rename(inside / "new", inside / "other")) is None


def test_nothing_else_is_opened_made_or_removed(inside: Path) -> None:
    outside = inside.parent
    for work in (
        (outside / "secret").read_text,
        lambda: os.listdir(outside),
        lambda: (outside / "new").write_text("x"),
        (outside / "new").mkdir,
        lambda: os.unlink(outside / "secret"),
        lambda: os.symlink("x", outside / "new"),
        lambda: subprocess.run(["/bin/true"], check=False),
    ):
        assert isinstance(confined(inside, work), PermissionError)
    assert sorted(os.listdir(outside)) == ["inside", "secret"]


def test_nothing_is_moved_or_linked_across_the_border(inside: Path) -> None:
    for work in (
        lambda: os.rename(inside.parent / "secret", inside / "secret"),
        lambda: os.link(inside.parent / "secret", inside / "secret"),
        lambda: os.rename(inside / "file", inside.parent / "file"),
        lambda: os.link(inside / "file", inside.parent / "file"),
    ):
        assert isinstance(confined(inside, work), OSError)
    assert os.listdir(inside) == ["file"]


def test_symlink_leads_nobody_out(inside: Path) -> None:
    (inside / "link").symlink_to(inside.parent / "secret")
    assert isinstance(confined(inside, (inside / "link").read_text), PermissionError)
    assert isinstance(confined(inside, lambda: (inside / "link").write_text("x")), PermissionError)


def test_reader_writes_nothing(inside: Path) -> None:
    assert confined(inside, (inside / "file").read_text, writable=False) == "inside"
    for work in (
        lambda: (inside / "file").write_text("x"),
        lambda: (inside / "new").write_text("x"),
        lambda: os.unlink(inside / "file"),
    ):
        assert isinstance(confined(inside, work, writable=False), PermissionError)


def test_threads_that_a_confined_one_starts_are_confined(inside: Path) -> None:
    outcome = confined(inside, lambda: in_a_thread((inside.parent / "secret").read_text))
    assert isinstance(outcome, PermissionError)


def test_other_threads_are_free(inside: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        landlock.restrict(os.fsencode(inside), writable=True)
        entered.set()
        leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    assert in_a_thread((inside.parent / "secret").read_text) == "secret"
    leave.set()
    thread.join()


def test_directory_that_is_not_there_is_an_error(inside: Path) -> None:
    assert isinstance(confined(inside / "nowhere", lambda: None), FileNotFoundError)


@pytest.mark.parametrize(("abi", "bits"), [(1, 13), (2, 14), (3, 15), (4, 15), (5, 16), (7, 16)])
def test_kernel_is_asked_only_for_what_it_knows(abi: int, bits: int) -> None:
    assert landlock.rights(abi) == (1 << bits) - 1
