from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.errors import Code, Refused
from rsh.files.stream.stream import RecordReader
from rsh.protocol import answer_records, record_stream, requests
from rsh.server import confinement, filesystem, landlock
from rsh.server.account import Account, Grant
from rsh.server.services import Services
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline
from tests.machines import SOON
from tests.session.pairs import sessions

pytestmark = pytest.mark.skipif(not landlock.version(), reason="the kernel has no Landlock")


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[Path]:
    """The directory of a key, with symlinks to one outside, which stays as it is."""
    drop, outside = tmp_path / "drop", tmp_path / "outside"
    drop.mkdir()
    outside.mkdir()
    (drop / "file").write_text("inside")
    (drop / "out").symlink_to(outside)
    (outside / "secret").write_text("secret")
    yield drop
    assert os.listdir(outside) == ["secret"]
    assert (outside / "secret").read_text() == "secret"
    assert (outside / "secret").stat().st_nlink == 1


def test_home_is_where_the_path_leads_to(drop: Path) -> None:
    (drop.parent / "link").symlink_to(drop)
    assert confinement.home_of(Grant(path=str(drop.parent / "link"))) == os.fsencode(drop)


def test_key_without_its_directory_is_refused(drop: Path) -> None:
    for path in (drop / "file", drop / "nowhere"):
        with pytest.raises(Refused, match="not there") as refusal:
            confinement.home_of(Grant(path=str(path)))
        assert refusal.value.code is Code.FORBIDDEN


@pytest.mark.parametrize(
    "request_",
    [
        requests.List((b"out/",)),
        requests.Sum((b"out/secret",)),
        requests.Write(b"out/secret"),
        requests.Write(b"out/new"),
        requests.Remove((b"out/secret",), recursive=True, force=True),
        requests.MakeDirectory((b"out/new/deep",), parents=True),
        requests.Move((b"out/secret",), b"taken"),
        requests.Move((b"file",), b"out/new"),
        requests.Copy((b"out/secret",), b"taken"),
        requests.Copy((b"file",), b"out"),
        requests.Link((b"out/secret",), b"taken"),
        requests.Link((b"file",), b"out/new"),
        requests.Link((b"file",), b"out/secret", symbolic=True, force=True),
    ],
    ids=lambda request: type(request).__name__,
)
def test_kernel_stands_where_nobody_has_looked_at_the_paths(drop: Path, request_: requests.Request) -> None:
    def service(channel: Channel) -> None:
        landlock.restrict(os.fsencode(drop), writable=True)
        account = Account("ann", os.fsencode(drop), b"/bin/sh", "box")
        filesystem.serve(channel, channel.request, account, Grant())

    confinement.prepare()
    with sessions(service) as (client, _):
        channel = client.open(request_)
        channel.wait_accepted(Deadline(SOON))
        channel.end()
        channel.end(1)
        answers = list(RecordReader(channel, answer_records.ANSWERS))
        channel.close()
    assert [type(answer) for answer in answers if not isinstance(answer, answer_records.Heading)] == [
        record_stream.Failure
    ]
    assert sorted(os.listdir(drop)) == ["file", "out"]


# An import by a thread that can read no directory fails, and the interpreter remembers the directories as empty: then
# no other thread can import from them either.
IMPORTS = """
import os, sys, threading
from rsh.client.api.remote_files import RemoteFiles
from rsh.protocol import requests
from rsh.server import confinement
from rsh.server.account import Account, Grant
from rsh.server.services import Services
from tests.session.pairs import sessions
from rsh.session.deadline import Deadline

drop, here = (os.fsencode(word) for word in sys.argv[1:])
confinement.prepare()

def watch(event, arguments):
    if event == "import" and " serve-" in threading.current_thread().name:
        print(arguments[0], flush=True)

sys.addaudithook(watch)
services = Services(Account("ann", drop, b"/bin/sh", "box"), Grant(path=os.fsdecode(drop)), {})
with sessions(services.serve) as (client, _):
    files = RemoteFiles(client)
    for archive in (False, True):
        for compress in (False, True):
            files.put(here, to=b"put", archive=archive, compress=compress)
            files.get(b"p*t", to=here + b"/got", archive=archive, compress=compress, exclude=["*.o"])
    files.sync(here, b"synced")
    files.sync(here, b"synced", delete=True, exclude=["got"])
    files.sync(b"synced", here + b"/back", fetch=True)
    for algorithm in ("xxh128", "xxh64", "md5", "sha1", "sha256", "sha512", "blake2b"):
        list(files.sum(b"file", algorithm=algorithm))
    list(files.read(b"file")), files.write(b"file", [b"x"]), files.write(b"new", [b"x"])
    files.ls(b"", recursive=True), files.stat(b"**/*"), list(files.survey(b"*", exclude=["x"]))
    files.mkdir(b"a/b", parents=True), files.mv(b"new", to=b"a"), files.complete("path", b"f")
    for request in (
        requests.Copy((b"put",), b"copy"), requests.Link((b"file",), b"link"), requests.Find((b".",), names=(b"f*",)),
        requests.Measure((b".",)), requests.Remove((b"copy",), recursive=True), requests.List((b"/etc",)),
    ):
        channel = client.open(request)
        try:
            channel.wait_accepted(Deadline(SOON))
            while channel.read():
                pass
        except Exception:  # what is asked is whether anything was imported, not what came of it
            pass
        channel.close()
print("done")
"""


def test_nothing_is_imported_by_a_confined_thread(drop: Path, tmp_path: Path) -> None:
    (tmp_path / "here" / "deep").mkdir(parents=True)
    (tmp_path / "here" / "deep" / "small").write_text("small")
    (tmp_path / "here" / "large").write_bytes(bytes(range(256)) * 5000)
    command = [sys.executable, "-c", IMPORTS, str(drop), str(tmp_path / "here")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "done\n", done.stderr
    assert done.returncode == 0, done.stderr


def test_request_is_refused_before_its_thread_is_confined(drop: Path) -> None:
    services = Services(Account.current(), Grant(path=str(drop)), {})
    with sessions(services.serve) as (client, _):
        for request in (requests.Exec((b"true",), True), requests.SetMode((b"file",), "777"), requests.About()):
            with pytest.raises(Refused) as refusal:
                client.open(request).wait_accepted(Deadline(SOON))
            assert refusal.value.code == Code.FORBIDDEN
