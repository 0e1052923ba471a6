"""Keys with `path=`: all that files need works in their directory, and there is no way out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rsh.errors import Code, Refused
from rsh.files.stream.stream import RecordReader
from rsh.protocol import answer_records, requests
from rsh.protocol.answer_records import Entry
from rsh.protocol.record_stream import Failure
from rsh.server import landlock
from rsh.server.account import Account, Grant
from rsh.server.services import Services
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from tests.machines import SOON, Daemon, Home
from tests.scenarios.test_hostile_peers import Racer
from tests.session.pairs import sessions

pytestmark = pytest.mark.skipif(not landlock.version(), reason="the kernel has no Landlock")


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[Path]:
    """The directory of a key, beside one that nobody may reach."""
    drop, outside = tmp_path / "drop", tmp_path / "outside"
    (drop / "sub").mkdir(parents=True)
    (drop / "file").write_text("inside")
    (drop / "out").symlink_to(outside)
    (drop / "peek").symlink_to(outside / "secret")
    outside.mkdir()
    (outside / "secret").write_text("secret")
    before = (outside / "secret").stat()
    yield drop
    assert os.listdir(outside) == ["secret"]
    assert (outside / "secret").read_text() == "secret"
    after = (outside / "secret").stat()
    assert (before.st_mode, before.st_mtime_ns, before.st_nlink) == (after.st_mode, after.st_mtime_ns, after.st_nlink)


@pytest.fixture
def guest(daemon: Daemon, drop: Path, tmp_path: Path) -> Home:
    """An account whose key is limited to that directory over there."""
    guest = Home(tmp_path / "guest")
    let_in(guest, daemon, f'path="{drop}"')
    return guest


def let_in(guest: Home, daemon: Daemon, options: str) -> None:
    line = options.encode() + b" " + guest.rsh("key").stdout
    assert daemon.home.server_command("authorize", "-", input=line).returncode == 0
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    assert guest.rsh("trust", url).returncode == 0


def test_everything_about_files_works_inside(daemon: Daemon, guest: Home, drop: Path, tmp_path: Path) -> None:
    tree, back = tmp_path / "tree", tmp_path / "back"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "small").write_text("small")
    (tree / "large").write_bytes(os.urandom(3_000_000))
    host = daemon.host
    for words in (
        ("put", "-r", str(tree), f"{host}:"),
        ("get", "-r", f"{host}:tree", str(back)),
        ("get", f"{host}:{drop}/file", str(tmp_path / "got")),
        ("put", str(tree / "large"), f"{host}:~/sub/large"),
        ("sync", str(tree), f"{host}:synced"),
        ("sync", f"{host}:synced", str(tmp_path / "resynced")),
        ("sync", "-a", str(tree / "large"), f"{host}:sub/large"),
        ("sync", "-a", f"{host}:sub/large", str(tmp_path / "single")),
        ("ls", "-l", f"{host}:"),
        ("find", f"{host}:"),
        ("sum", f"{host}:tree/l*"),
        ("mkdir", f"{host}:made"),
        ("mv", f"{host}:file", f"{host}:made/moved"),
        ("cp", "-r", f"{host}:tree", f"{host}:copy"),
        ("ln", "-s", f"{host}:made", f"{host}:symbolic"),
        ("rm", "-r", f"{host}:synced", f"{host}:symbolic"),
    ):
        done = guest.rsh(*words)
        assert (done.returncode, done.stderr) == (0, b""), (words, done.stderr)
    assert (back / "deep" / "small").read_text() == (drop / "copy" / "deep" / "small").read_text() == "small"
    assert (drop / "sub" / "large").read_bytes() == (tree / "large").read_bytes()
    assert guest.rsh("cat", f"{host}:made/moved").stdout == b"inside"
    assert sorted(os.listdir(drop)) == ["copy", "made", "out", "peek", "sub", "tree"]
    assert "failed" not in daemon.log


@pytest.mark.parametrize("way", ["../outside/secret", "{drop}/../outside/secret", "out/secret", "o*/secret", "~root/x"])
def test_no_path_leads_out(daemon: Daemon, guest: Home, drop: Path, tmp_path: Path, way: str) -> None:
    there = f"{daemon.host}:{way.format(drop=drop)}"
    for words in (("get", there, str(tmp_path / "here")), ("rm", there), ("mv", there, f"{daemon.host}:here")):
        done = guest.rsh(*words)
        assert done.returncode != 0, words
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not (tmp_path / "here").exists()
    assert not (drop / "here").exists()


def test_nothing_but_files_is_served(daemon: Daemon, guest: Home) -> None:
    host = daemon.host
    for words in (
        ("exec", host, "--", "true"),
        ("exec", "--detach", host, "--", "true"),
        ("jobs", host),
        ("sessions", host),
        ("shell", host),
        ("chmod", "777", f"{host}:file"),
        ("get", "-L", f"{host}:peek", "/nowhere"),
        ("df", host),
    ):
        done = guest.rsh(*words)
        assert done.returncode != 0, words
        assert done.stdout == b"", words


def test_key_that_is_also_read_only_changes_nothing(daemon: Daemon, drop: Path, tmp_path: Path) -> None:
    reader = Home(tmp_path / "reader")
    let_in(reader, daemon, f'read-only,path="{drop}"')
    assert reader.rsh("cat", f"{daemon.host}:file").stdout == b"inside"
    assert reader.rsh("rm", f"{daemon.host}:file").returncode == 255


def test_key_whose_directory_is_gone_is_told_so(daemon: Daemon, tmp_path: Path) -> None:
    guest = Home(tmp_path / "guest")
    let_in(guest, daemon, f'path="{tmp_path}/nowhere"')
    done = guest.rsh("ls", f"{daemon.host}:")
    assert done.returncode == 255
    assert b"limited to is not there" in done.stderr
    daemon.wait_for_log("limited to is not there")


@pytest.fixture
def client(drop: Path) -> Iterator[Session]:
    """A client that speaks the protocol itself."""
    services = Services(Account.current(), Grant(path=str(drop)), {})
    with sessions(services.serve) as (client, _):
        yield client


def answers(client: Session, request: requests.Request) -> list[object]:
    """Give what a request is answered by, or the code by which it is refused."""
    channel = client.open(request)
    try:
        channel.wait_accepted(Deadline(SOON))
        return list(RecordReader(channel, answer_records.ANSWERS))
    except Refused as refusal:
        return [Code(refusal.code)]
    finally:
        channel.close()


@pytest.mark.parametrize(
    "request_",
    [
        requests.List((b"/etc",)),
        requests.List((b".",), b"/etc"),
        requests.List((b"..",)),
        requests.List((b"out/",)),
        requests.List((b"out",)),
        requests.List((b"peek",)),
        requests.List((b"peek",), follow=True),
        requests.Read((b"peek",)),
        requests.Sum((b"peek",)),
        requests.Remove((b"out/secret",), recursive=True),
        requests.Move((b"out/secret",), b"here"),
        requests.Move((b"file",), b"out/here"),
        requests.Copy((b"file",), b"out"),
        requests.Link((b"out/secret",), b"here"),
        requests.Link((b"/etc/passwd",), b"out/here", symbolic=True),
        requests.MakeDirectory((b"out/new",), parents=True),
        requests.Write(b"peek"),
        requests.Put(b"out"),
        requests.Get((b"peek",), follow=True),
        requests.Survey((b"file", b"../outside")),
        requests.Find((b"/",)),
        requests.Measure((b"~root",)),
        requests.Sync(b"out", True),
        requests.SetMode((b"file",), "777"),
        requests.SetOwner((b"file",), "", "0"),
        requests.Usage(()),
        requests.About(),
        requests.Exec((b"true",), True),
        requests.Batch(),
        requests.Shells(),
        requests.Jobs(),
        requests.Complete("path", b"out/"),
        requests.Complete("command", b""),
    ],
    ids=lambda request: type(request).__name__,
)
def test_hostile_client_is_refused(client: Session, request_: requests.Request) -> None:
    assert answers(client, request_) == [Code.FORBIDDEN]


def test_pattern_does_not_tell_what_is_outside(client: Session) -> None:
    for pattern in (b"o*t/secret", b"o*t/absent"):
        assert answers(client, requests.List((pattern,))) == [Failure(pattern, "ENOENT")]


def test_symlink_that_leads_out_is_listed_and_removed_itself(client: Session, drop: Path) -> None:
    (entry,) = answers(client, requests.List((b"peek",), itself=True))
    assert isinstance(entry, Entry)
    assert entry.target == os.fsencode(drop.parent / "outside" / "secret")
    assert answers(client, requests.Remove((b"peek", b"out"), recursive=True)) == []
    assert sorted(os.listdir(drop)) == ["file", "sub"]


def refill(directory: Path) -> None:
    """Write a file in a directory, unless that is being swapped for a symlink."""
    with suppress(OSError):
        top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.close(os.open("secret", os.O_WRONLY | os.O_CREAT, dir_fd=top))
        finally:
            os.close(top)


def test_racer_who_swaps_a_directory_for_a_symlink_gains_nothing(client: Session, drop: Path) -> None:
    refill(drop / "sub")
    racer = Racer(drop / "sub", drop.parent / "outside")
    try:
        for _ in range(60):
            channel = client.open(requests.Read((b"sub/secret",)))
            with suppress(Refused):
                channel.wait_accepted(Deadline(SOON))
                assert channel.read() == b""
            channel.close()
            answers(client, requests.MakeDirectory((b"sub/new",)))
            answers(client, requests.Copy((b"file",), b"sub/copied"))
            answers(client, requests.Copy((b"sub",), b"tree"))
            answers(client, requests.Link((b"sub/secret",), b"stolen"))
            answers(client, requests.Move((b"sub/secret",), b"taken"))
            answers(client, requests.Remove((b"sub/secret", b"sub/new"), recursive=True, force=True))
            refill(drop / "sub")
    finally:
        racer.stop()
    assert not [
        path for path in drop.rglob("*") if path.is_file() and path.read_bytes() == b"secret" and path.name != "peek"
    ]
