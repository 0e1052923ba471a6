"""`rsh put`, `get`, `ls` and their like over a real daemon: what arrives is what was sent."""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.machines import Home
from tests.scenarios.trees import described


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 300 * 1024 * 1024])
def test_file_is_identical_after_put_and_get(me: Home, host: str, here: Path, there: Path, size: int) -> None:
    source = here / "file"
    block = random.Random(size).randbytes(min(size, 1024 * 1024))
    with source.open("wb") as file:
        for _ in range(max(1, size // (1024 * 1024))):
            file.write(block)
    source.chmod(0o640)
    os.utime(source, ns=(1, 1_234_567_890_123_456_789))
    assert me.rsh("put", str(source), f"{host}:{there}/").returncode == 0
    assert me.rsh("get", f"{host}:{there}/file", str(here / "back")).returncode == 0
    for copy in (there / "file", here / "back"):
        assert subprocess.run(["cmp", source, copy]).returncode == 0
        assert stat.S_IMODE(copy.stat().st_mode) == 0o640
        assert copy.stat().st_mtime_ns == 1_234_567_890_123_456_789
        copy.unlink()


@pytest.mark.slow
def test_tree_of_the_standard_library_is_identical_after_put_and_get(
    me: Home, host: str, here: Path, there: Path
) -> None:
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(
        library, here / "lib", symlinks=True, ignore=shutil.ignore_patterns("site-packages", "__pycache__", "test")
    )
    assert me.rsh("put", str(here / "lib"), f"{host}:{there}", timeout=100).returncode == 0
    assert me.rsh("get", f"{host}:{there}/lib", str(here / "back"), timeout=100).returncode == 0
    expected = described(here / "lib")
    assert len(expected) > 500
    assert described(there / "lib") == expected
    assert described(here / "back") == expected


def test_names_of_any_bytes_survive(me: Home, host: str, here: Path, there: Path) -> None:
    names = [
        b"\xff\xfe",
        b"new\nline",
        b"-dash",
        b" space ",
        b"'quote\"",
        b"\x1b[31m",
        b"x" * 255,
        "日本".encode(),
        b"*",
    ]
    tree = here / "tree"
    tree.mkdir()
    for name in names:
        (tree / os.fsdecode(name)).write_bytes(name)
    (tree / "empty").mkdir()
    deep = tree.joinpath(*["deep"] * 200)
    deep.mkdir(parents=True)
    (deep / "file").write_text("at the bottom")
    (tree / "dangling").symlink_to("nowhere")
    assert me.rsh("put", str(tree), f"{host}:{there}").returncode == 0
    assert me.rsh("get", f"{host}:{there}/tree", str(here / "back")).returncode == 0
    assert described(there / "tree") == described(here / "back") == described(tree)


def test_several_sources_go_into_a_directory_only(me: Home, host: str, here: Path, there: Path) -> None:
    for name in ("a", "b"):
        (here / name).write_text(name)
    (there / "file").write_text("kept")
    done = me.rsh("put", str(here / "a"), str(here / "b"), f"{host}:{there}/file")
    assert done.returncode != 0
    assert (there / "file").read_text() == "kept"
    assert me.rsh("put", str(here / "a"), str(here / "b"), f"{host}:{there}").returncode == 0
    assert sorted(path.name for path in there.iterdir()) == ["a", "b", "file"]


def test_patterns_are_expanded_on_either_side(me: Home, host: str, here: Path, there: Path) -> None:
    for name in ("one.txt", "two.txt", "three.dat"):
        (here / name).write_text(name)
    assert me.rsh("put", f"{here}/*.txt", f"{host}:{there}").returncode == 0
    assert sorted(path.name for path in there.iterdir()) == ["one.txt", "two.txt"]
    (here / "back").mkdir()
    assert me.rsh("get", f"{host}:{there}/t*", str(here / "back")).returncode == 0
    assert [path.name for path in (here / "back").iterdir()] == ["two.txt"]


def test_dash_is_stdin_and_stdout(me: Home, host: str, there: Path) -> None:
    data = random.Random(1).randbytes(3_000_000)
    assert me.rsh("put", "-", f"{host}:{there}/file", input=data).returncode == 0
    assert me.rsh("get", f"{host}:{there}/file", "-").stdout == data
    assert me.rsh("cat", f"{host}:{there}/file").stdout == data


def test_one_failing_file_is_named_and_the_rest_goes_on(me: Home, host: str, here: Path, there: Path) -> None:
    tree = here / "tree"
    tree.mkdir()
    for name in ("a", "b", "c"):
        (tree / name).write_text(name)
    os.mkfifo(tree / "pipe")
    (there / "tree" / "b").mkdir(parents=True)
    done = me.rsh("put", str(tree), f"{host}:{there}")
    assert done.returncode == 1
    assert b"/b: Is a directory" in done.stderr
    assert b"/pipe: Not a regular file" in done.stderr
    assert (there / "tree" / "a").read_text() == "a"
    assert (there / "tree" / "c").read_text() == "c"


def test_missing_source_is_named_with_program_verb_and_path(me: Home, host: str, there: Path) -> None:
    done = me.rsh("get", f"{host}:{there}/nothing", ".")
    assert done.returncode == 1
    assert done.stderr == f"rsh: get: {there}/nothing: No such file or directory\n".encode()


def test_nothing_half_is_left_when_the_client_is_killed(me: Home, host: str, here: Path, there: Path) -> None:
    source = here / "big"
    with source.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 400 * 1024 * 1024)
    (there / "big").write_text("old")
    client = me.spawn("put", "--limit", "50M", str(source), f"{host}:{there}/big", stdin=subprocess.DEVNULL)
    while not [path for path in there.iterdir() if path.name.endswith(".part")]:
        assert client.poll() is None
    client.kill()
    client.wait()
    assert (there / "big").read_text() == "old"


def test_ls_prints_what_ls_prints(me: Home, host: str, there: Path) -> None:
    for name, size in (("a", 10), (".hidden", 20), ("b", 5000)):
        (there / name).write_bytes(bytes(size))
    (there / "sub").mkdir()
    (there / "sub" / "deep").write_text("x")
    (there / "link").symlink_to("a")
    for options in ([], ["-a"], ["-A"], ["-1"], ["-t"], ["-S"], ["-r"], ["-R"], ["-d"]):
        expected = subprocess.run(
            ["ls", *options, there], capture_output=True, env={"LC_ALL": "C", "PATH": os.environ["PATH"]}
        )
        done = me.rsh("ls", *options, f"{host}:{there}")
        assert done.stdout == expected.stdout, options


def test_ls_tells_all_with_json(me: Home, host: str, there: Path) -> None:
    (there / "a").write_bytes(bytes(10))
    told = [json.loads(line) for line in me.rsh("ls", "--json", f"{host}:{there}").stdout.splitlines()]
    assert [(entry["name"], entry["size"], entry["kind"]) for entry in told] == [("a", 10, "file")]


def test_names_are_escaped_in_errors(me: Home, host: str, there: Path) -> None:
    done = me.rsh("cat", f"{host}:{there}/\x1b[2Jx")
    assert done.returncode == 1
    assert b"\x1b" not in done.stderr


def test_small_commands_do_as_their_namesakes(me: Home, host: str, there: Path) -> None:
    assert me.rsh("mkdir", "-p", f"{host}:{there}/x/y").returncode == 0
    assert me.rsh("put", "-", f"{host}:{there}/x/file", input=b"hello").returncode == 0
    assert me.rsh("mv", f"{host}:{there}/x/file", f"{host}:{there}/x/y/").returncode == 0
    assert (there / "x" / "y" / "file").read_text() == "hello"
    told = me.rsh("sum", "--algorithm", "sha256", f"{host}:{there}/x/y/file").stdout
    assert told.startswith(b"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    assert b"file" in me.rsh("stat", f"{host}:{there}/x/y/file").stdout
    assert me.rsh("df", f"{host}:{there}").returncode == 0
    assert me.rsh("rm", f"{host}:{there}/x").returncode == 1
    assert me.rsh("rm", "-r", f"{host}:{there}/x").returncode == 0
    assert not (there / "x").exists()


def test_ping_and_info_tell(me: Home, host: str) -> None:
    assert me.rsh("ping", "-c", "3", host).returncode == 0
    told = json.loads(me.rsh("info", "--json", host).stdout)
    assert told["account"]
    assert told["processors"] >= 1
