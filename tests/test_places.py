from __future__ import annotations

import errno
import os
import pwd
import socket
import stat
import threading
from pathlib import Path

import pytest

from rsh import places
from rsh.errors import UsageError


def mode(path: object) -> int:
    return stat.S_IMODE(os.stat(str(path)).st_mode)


def test_places_follow_the_xdg_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONFIG_HOME", "STATE_HOME", "RUNTIME_DIR"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path))
    assert {places.config_dir(), places.state_dir(), places.runtime_dir()} == {f"{tmp_path}/rsh"}


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_unusable_variables_give_way_to_the_home(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("XDG_CONFIG_HOME", value)
    monkeypatch.setenv("XDG_STATE_HOME", value)
    assert places.config_dir() == "/home/ann/.config/rsh"
    assert places.state_dir() == "/home/ann/.local/state/rsh"


def test_without_a_home_in_the_environment_it_is_the_one_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("HOME")
    unset = places.config_dir()
    monkeypatch.setenv("HOME", "")
    assert places.config_dir() == unset == f"{pwd.getpwuid(os.getuid()).pw_dir}/.config/rsh"
    monkeypatch.setenv("HOME", "relative")
    with pytest.raises(UsageError, match="no home directory"):
        places.config_dir()


@pytest.mark.parametrize("value", ["", "run", "/no/such/folder", "/dev/null"])
def test_runtime_folder_falls_back_to_tmp(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    assert places.runtime_dir() == "/tmp/rsh-4000000001"


def test_runtime_folder_of_somebody_else_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_002)
    assert places.runtime_dir() == "/tmp/rsh-4000000002"


@pytest.mark.parametrize("kind", ["symlink", "file", "loose"])
def test_fallback_that_somebody_else_prepared_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    trap = tmp_path / "trap"
    if kind == "symlink":
        trap.symlink_to(tmp_path)
    elif kind == "file":
        trap.write_text("")
    else:
        trap.mkdir()
        trap.chmod(0o777)
    with pytest.raises(UsageError):
        places._check_fallback(str(trap))


def test_folder_is_made_private_with_its_parents(tmp_path: Path) -> None:
    path = str(tmp_path / "a" / "b" / "rsh")
    assert places.ensure_dir(path) == path
    assert mode(path) == 0o700
    assert places.ensure_dir(path) == path


def test_loose_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with pytest.raises(UsageError, match="0750") as refusal:
        places.ensure_dir(str(tmp_path))
    assert refusal.value.advice == f"chmod 700 {tmp_path}"


def test_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rsh").write_text("")
    with pytest.raises(UsageError, match="File exists"):
        places.ensure_dir(str(tmp_path / "rsh"))


def test_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    places.write_private(str(path), b"x")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UsageError, match="another user"):
        places.check_private(str(path))


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        places.check_private(str(tmp_path / "none"))


def test_file_is_written_private_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    places.write_private(str(path), b"new")
    assert path.read_bytes() == b"new" and mode(path) == 0o600
    assert os.listdir(tmp_path) == ["secret"]


def test_link_stays_a_link_when_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "link").symlink_to("dotfiles/real")
    places.write_private(str(tmp_path / "link"), b"data")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "dotfiles" / "real").read_bytes() == b"data"


def test_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken" / "inside").mkdir(parents=True)
    with pytest.raises(UsageError):
        places.write_private(str(tmp_path / "taken"), b"data")
    assert os.listdir(tmp_path) == ["taken"]
    with pytest.raises(UsageError):
        places.write_private(str(tmp_path / "none" / "file"), b"data")


def test_of_several_creators_exactly_one_succeeds(tmp_path: Path) -> None:
    path = str(tmp_path / "one")
    results: list[tuple[bool, bytes]] = []
    threads = [
        threading.Thread(target=lambda data=data: results.append((places.create_private(path, data), data)))
        for data in (b"a", b"b", b"c", b"d", b"e", b"f")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [data for won, data in results if won]
    assert Path(path).read_bytes() == winner and mode(path) == 0o600
    assert os.listdir(tmp_path) == ["one"]


def test_folder_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with places.FolderLock(str(tmp_path)):
            entered.set()

    with places.FolderLock(str(tmp_path)):
        other = threading.Thread(target=enter)
        other.start()
        assert not entered.wait(0.05)
    other.join()
    assert entered.is_set()


def test_lock_in_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError), places.FolderLock(str(tmp_path / "none")):
        pass


def test_path_of_a_socket_is_short_and_leads_by_no_link(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 50)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as calling:
        listening.bind(str(tmp_path / "real"))
        listening.listen()
        (tmp_path / "real").rename(folder / "real")
        with places.socket_path(str(folder), "real") as path:
            calling.connect(path)
    (folder / "link").symlink_to(folder / "real")
    (folder / "file").touch()
    for name, error in (("link", errno.ENOTSOCK), ("file", errno.ENOTSOCK), ("nothing", errno.ENOENT)):
        with pytest.raises(OSError) as raised, places.socket_path(str(folder), name):
            pass
        assert raised.value.errno == error
