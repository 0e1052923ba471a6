"""`rsh edit`: nothing is lost, whatever happens meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.machines import Daemon, Home
from tests.scenarios.screens import Terminal


@pytest.fixture
def there(tmp_path: Path) -> Path:
    file = tmp_path / "there" / "a file.txt"
    file.parent.mkdir()
    file.write_text("old\n")
    file.chmod(0o640)
    return file


def environment(me: Home, tmp_path: Path, editor: str) -> dict[str, str]:
    """Give an environment with a shell script for an editor; $1 is what it edits."""
    program = tmp_path / "my editor"
    program.write_text(f"#!/bin/sh\n{editor}\n")
    program.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    return me.environment | {"EDITOR": f"'{program}'", "TMPDIR": str(tmp_path / "tmp")}


def kept(stderr: bytes) -> Path:
    found = re.search(rb"the copy is kept: (.+)", stderr)
    assert found is not None
    return Path(found[1].decode())


def test_edited_file_is_put_back_with_its_mode(me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path) -> None:
    variables = environment(me, tmp_path, 'basename "$1"; echo new >>"$1"')
    done = me.rsh("edit", f"{shared_daemon.host}:{there}", env=variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"a file.txt\n", b"")
    assert there.read_text() == "old\nnew\n"
    assert there.stat().st_mode & 0o777 == 0o640
    assert list((tmp_path / "tmp").iterdir()) == []


def test_new_file_is_made(me: Home, shared_daemon: Daemon, tmp_path: Path) -> None:
    variables = environment(me, tmp_path, 'echo new >"$1"')
    assert me.rsh("edit", f"{shared_daemon.host}:{tmp_path}/none yet", env=variables).returncode == 0
    assert (tmp_path / "none yet").read_text() == "new\n"


def test_unchanged_file_is_left_alone(me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path) -> None:
    before = there.stat()
    done = me.rsh("edit", f"{shared_daemon.host}:{there}", env=environment(me, tmp_path, "true"))
    assert (done.returncode, b"unchanged" in done.stderr) == (0, True)
    assert there.stat().st_ino == before.st_ino
    assert list((tmp_path / "tmp").iterdir()) == []


def test_failed_editor_changes_nothing_and_the_copy_is_kept(
    me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path
) -> None:
    variables = environment(me, tmp_path, 'echo new >>"$1"; exit 3')
    done = me.rsh("edit", f"{shared_daemon.host}:{there}", env=variables)
    assert done.returncode == 3
    assert there.read_text() == "old\n"
    assert kept(done.stderr).read_text() == "old\nnew\n"


@pytest.mark.parametrize("name", ["there", "new"])
def test_copy_in_which_nothing_was_written_is_not_kept(
    me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path, name: str
) -> None:
    variables = environment(me, tmp_path, "exit 3") | {"TMPDIR": str(tmp_path)}
    path = there if name == "there" else there.with_name(name)
    done = me.rsh("edit", f"{shared_daemon.host}:{path}", env=variables)
    assert (done.returncode, done.stderr) == (3, b"rsh: edit: the editor failed; nothing was put back\n")
    assert not list(tmp_path.glob("rsh-edit-*"))


def test_change_of_somebody_else_is_not_lost(me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path) -> None:
    variables = environment(me, tmp_path, f"echo theirs >>'{there}'; echo ours >>\"$1\"")
    done = me.rsh("connect", shared_daemon.host, "-c", f"edit '{there}'", env=variables)
    assert done.returncode == 4
    assert there.read_text() == "old\ntheirs\n"
    assert kept(done.stderr).read_text() == "old\nours\n"


@pytest.mark.parametrize(("answer", "content"), [("o", "old\nours\n"), ("b", "old\ntheirs\n")])
def test_user_decides_about_a_change_of_somebody_else(
    me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path, answer: str, content: str
) -> None:
    variables = environment(me, tmp_path, f"echo theirs >>'{there}'; echo ours >>\"$1\"")
    (there.parent / "a file.txt.edited").write_text("in the way")
    with Terminal(me, "edit", f"{shared_daemon.host}:{there}", variables=variables) as terminal:
        terminal.until_shown("our copy here?")
        terminal.press(answer + "\r")
        assert terminal.end() == 0
    assert there.read_text() == content
    beside = there.parent / "a file.txt.edited.2"
    assert beside.exists() == (answer == "b")
    assert answer == "o" or beside.read_text() == "old\nours\n"


def test_file_that_cannot_be_read_is_an_error(me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path) -> None:
    done = me.rsh("edit", f"{shared_daemon.host}:{there.parent}", env=environment(me, tmp_path, 'echo >"$1"'))
    assert (done.returncode, done.stderr) == (1, f"rsh: edit: {there.parent}: Is a directory\n".encode())
    assert list((tmp_path / "tmp").iterdir()) == []


def test_editor_that_leaves_no_file_is_not_waited_for(
    me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path
) -> None:
    variables = environment(me, tmp_path, 'rm "$1"; mkfifo "$1"')
    done = me.rsh("edit", f"{shared_daemon.host}:{there}", env=variables)
    assert done.returncode == 1
    assert b": Not a regular file, directory or symlink\n" in done.stderr
    assert there.read_text() == "old\n"


def test_link_to_a_file_that_is_not_there_yet_stays_a_link(
    me: Home, shared_daemon: Daemon, there: Path, tmp_path: Path
) -> None:
    link = there.with_name("link")
    link.symlink_to("new")
    variables = environment(me, tmp_path, 'echo new >"$1"')
    done = me.rsh("edit", f"{shared_daemon.host}:{link}", env=variables)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (link.is_symlink(), there.with_name("new").read_text()) == (True, "new\n")
