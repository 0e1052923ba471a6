"""No room, no permission, special files: named at once or when it is so, the old file kept, nothing left behind."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import Daemon, Home, obey_permissions, program, status_of
from tests.scenarios.trees import failures_told

MIB = 1024 * 1024


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,nr_inodes=1000", "tmpfs", place])
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def dense(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    return path


def copy_words(verb: str, source: Path | str, target: Path, host: str) -> list[str]:
    return [verb, str(source), f"{host}:{target}"] if verb == "put" else [verb, f"{host}:{source}", str(target)]


@pytest.mark.parametrize("verb", ["put", "get"])
def test_large_file_that_will_not_fit_is_refused_before_it_starts(
    me: Home, host: str, tmp_path: Path, small: Path, verb: str
) -> None:
    source = dense(tmp_path / "large", 20 * MIB)
    (small / "large").write_text("old")
    done = me.rsh(*copy_words(verb, source, small, host))
    assert done.returncode == 1 and b"No space left on device" in done.stderr
    assert os.listdir(small) == ["large"] and (small / "large").read_text() == "old"


@pytest.mark.parametrize("way", ["up", "down"])
def test_changed_file_that_will_not_fit_beside_the_old_one_is_refused_before_it_starts(
    me: Home, host: str, tmp_path: Path, small: Path, way: str
) -> None:
    old = dense(small / "large", 9 * MIB).read_bytes()
    source = tmp_path / "large"
    source.write_bytes(old[: 4 * MIB] + b"changed" + old[4 * MIB :])
    ends = [str(source), f"{host}:{small}"] if way == "up" else [f"{host}:{source}", str(small)]
    done = me.rsh("sync", *ends)
    assert done.returncode == 1 and b"No space left on device" in done.stderr
    assert os.listdir(small) == ["large"] and (small / "large").read_bytes() == old


@pytest.mark.parametrize("verb", ["put", "get"])
def test_disk_that_fills_up_half_way_keeps_what_was_whole(
    me: Home, host: str, tmp_path: Path, small: Path, verb: str
) -> None:
    source = tmp_path / "tree"
    source.mkdir()
    for number in range(6):
        dense(source / str(number), 4 * MIB)
    (source / "small").write_text("small")
    (small / "tree").mkdir()
    for number in range(6):
        (small / "tree" / str(number)).write_text("old")
    done = me.rsh(*copy_words(verb, source, small, host))
    assert done.returncode == 1
    failed = [path for path in sorted((small / "tree").iterdir()) if path.read_bytes() == b"old"]
    assert len(failed) >= 3
    assert failures_told(done.stderr.decode()) == [f"rsh: {verb}: {path}: No space left on device" for path in failed]
    for path in set((small / "tree").iterdir()) - set(failed):
        assert path.read_bytes() == (source / path.name).read_bytes()


@pytest.mark.parametrize("verb", ["put", "get"])
def test_small_files_that_will_not_fit_are_named_one_by_one(
    me: Home, host: str, tmp_path: Path, small: Path, verb: str
) -> None:
    source = tmp_path / "tree"
    source.mkdir()
    for number in range(5):
        dense(source / f"{number}", 4 * MIB if number < 3 else 7 * MIB)
    for number in range(200):
        (source / f"small{number}").write_bytes(os.urandom(60_000))
    done = me.rsh(*copy_words(verb, source, small, host))
    assert done.returncode == 1
    missing = sorted(set(os.listdir(source)) - set(os.listdir(small / "tree")))
    assert len(missing) > 20
    told = [f"rsh: {verb}: {small}/tree/{name}: No space left on device" for name in missing]
    assert failures_told(done.stderr.decode()) == told
    for path in (small / "tree").iterdir():
        assert path.read_bytes() == (source / path.name).read_bytes()


@pytest.mark.parametrize("verb", ["put", "get"])
def test_sparse_file_larger_than_the_disk_fits(me: Home, host: str, tmp_path: Path, small: Path, verb: str) -> None:
    source = dense(tmp_path / "sparse", MIB)
    os.truncate(source, 5 * 1024 * MIB)
    done = me.rsh(*copy_words(verb, source, small, host))
    assert done.returncode == 0, done.stderr
    status = (small / "sparse").stat()
    assert status.st_size == 5 * 1024 * MIB and status.st_blocks * 512 <= 2 * MIB


def test_limit_of_the_process_is_an_error_of_one_file(me: Home, host: str, tmp_path: Path) -> None:
    source, here = tmp_path / "there", tmp_path / "here"
    source.mkdir()
    here.mkdir()
    dense(source / "large", 3 * MIB)
    (source / "small").write_text("small")
    (here / "there").mkdir()
    (here / "there" / "large").write_text("old")
    done = me.rsh(
        *("get", f"{host}:{source}", str(here)),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB)),
    )
    assert done.returncode == 1 and b"/large: File too large" in done.stderr
    assert sorted(os.listdir(here / "there")) == ["large", "small"]
    assert (here / "there" / "large").read_text() == "old"


def test_limit_of_the_daemon_is_an_error_of_one_file(home: Home, tmp_path: Path) -> None:
    source, target = tmp_path / "here", tmp_path / "there"
    source.mkdir()
    target.mkdir()
    dense(source / "large", 3 * MIB)
    (source / "small").write_text("small")
    (target / "here").mkdir()
    (target / "here" / "large").write_text("old")
    with Daemon(home, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB))) as daemon:
        done = home.rsh("put", str(source), f"{daemon.host}:{target}")
        assert done.returncode == 1 and b"/large: File too large" in done.stderr
        assert sorted(os.listdir(target / "here")) == ["large", "small"]
        assert (target / "here" / "large").read_text() == "old"
        assert home.rsh("put", str(source / "small"), f"{daemon.host}:{target}/again").returncode == 0


@pytest.mark.parametrize("verb", ["put", "get"])
def test_directory_that_may_not_be_written_to_is_named_and_the_rest_goes_on(
    home: Home, tmp_path: Path, verb: str
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for folder in ("a", "sealed", "z"):
        (source / folder).mkdir(parents=True)
        for name in ("1", "2"):
            (source / folder / name).write_text("new")
        dense(source / folder / "large", MIB)
    (target / "sealed").mkdir(parents=True)
    (target / "sealed" / "1").write_text("old")
    (target / "sealed").chmod(0o555)
    with Daemon(home, preexec_fn=obey_permissions) as daemon:
        done = home.rsh(*copy_words(verb, f"{source}/.", target, daemon.host), preexec_fn=obey_permissions)
    assert done.returncode == 1
    lines = failures_told(done.stderr.decode())
    assert [line.endswith(": Permission denied") for line in lines] == [True] * 3
    assert [line.split("/")[-1].partition(":")[0] for line in lines] == ["1", "2", "large"]
    assert os.listdir(target / "sealed") == ["1"] and (target / "sealed" / "1").read_text() == "old"
    for folder in ("a", "z"):
        assert sorted(os.listdir(target / folder)) == ["1", "2", "large"]


@pytest.mark.parametrize(("verb", "way"), [("put", "up"), ("get", "down"), ("sync", "up"), ("sync", "down")])
def test_read_only_file_system_is_named_once_for_each_file(
    me: Home, host: str, tmp_path: Path, small: Path, verb: str, way: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_text("a")
    dense(source / "b", 2 * MIB)
    (small / "a").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    ends = [f"{source}/.", f"{host}:{small}"] if way == "up" else [f"{host}:{source}/.", str(small)]
    done = me.rsh(verb, *ends)
    assert done.returncode == 1
    assert failures_told(done.stderr.decode()) == [
        f"rsh: {verb}: {small}/{name}: Read-only file system" for name in ("a", "b")
    ]
    assert os.listdir(small) == ["a"] and (small / "a").read_text() == "old"


@pytest.mark.parametrize("verb", ["put", "get"])
@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
def test_special_file_as_source_or_target_is_an_error_at_once(
    me: Home, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    plain, special = tmp_path / "plain", tmp_path / "special"
    plain.write_text("plain")
    if kind == "fifo":
        os.mkfifo(special)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("special")
    else:
        special = Path("/dev/zero")
    before = special.lstat()
    for source, target in ((special, tmp_path / "copy"), (plain, special)):
        done = me.rsh(*copy_words(verb, source, target, host))
        assert done.returncode == 1 and b"Not a regular file" in done.stderr
    after = special.lstat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode) and not (tmp_path / "copy").exists()


def peak_memory(command: list[str | bytes], environment: dict[str, str]) -> int:
    """Run a command that is to succeed; give its largest RSS in KiB, without that of the process it was forked from."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    words = [sys.executable, "-S", "-c", script, *command]
    return int(subprocess.run(words, env=environment, check=True, capture_output=True).stdout.split()[-1])


@pytest.mark.slow
def test_memory_of_both_sides_stays_small_for_large_files_and_many(me: Home, tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / "tree" / str(folder)).mkdir(parents=True)
        for number in range(500):
            (tmp_path / "tree" / str(folder) / str(number)).write_bytes(b"x")
    dense(tmp_path / "large", 200 * MIB)
    with Daemon(Home(tmp_path / "account")) as daemon:
        for words in (
            *(copy_words("put", tmp_path / name, tmp_path / f"put-{name}", daemon.host) for name in ("tree", "large")),
            *(copy_words("get", tmp_path / name, tmp_path / f"get-{name}", daemon.host) for name in ("tree", "large")),
        ):
            assert peak_memory([*program("rsh"), *words], daemon.home.environment) < 80 * 1024
        assert status_of(daemon.process.pid, "VmHWM") < 80 * 1024
