"""The living shells of an account: which is found, which has to go for a new one, and what a dead one leaves."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from rsh.errors import Code, Refused
from rsh.holder import wire
from rsh.protocol.requests import Shell, Terminal
from rsh.server import inquiry, shells
from rsh.server.account import Grant
from rsh.server.place import UNFINISHED, Place
from rsh.server.shells import Terms
from tests.machines import SOON

ENVIRONMENT = {b"PATH": os.fsencode(os.environ["PATH"]), b"HOME": b"/nonexistent", b"LC_ALL": b"C"}


class Account:
    """An account's folder of shells, which are plain ones and end with the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def start(self, name: str = "", id: str = "", *, key: str = "a key", most: int = 8) -> Place:
        """Start a shell, see its first report, and leave it."""
        request = Shell(Terminal(80, 24), id=id, name=name)
        place, sock = shells.start(b"/bin/sh", request, b"/", ENVIRONMENT, Grant(key=key), Terms(SOON, most))
        self._stack.callback(self._end, place)
        with closing(sock):
            sock.settimeout(SOON)
            sock.sendall(attach(b"t" * 16))
            while hear(sock)[0] != wire.REPORT:
                pass
            sock.sendall(wire.HEAD.pack(wire.LEAVE, 0))
            while sock.recv(4096):
                pass
        return place

    def _end(self, place: Place) -> None:
        with suppress(Refused):
            inquiry.end(place)


def attach(token: bytes) -> bytes:
    body = wire.ATTACH_HEAD.pack(token, 0, 0, 0, 80, 24, 0)
    return wire.HEAD.pack(wire.ATTACH, len(body)) + body


def hear(sock: socket.socket) -> tuple[int, bytes]:
    kind, length = wire.HEAD.unpack(sock.recv(wire.HEAD.size, socket.MSG_WAITALL))
    return kind, sock.recv(length, socket.MSG_WAITALL) if length else b""


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    with ExitStack() as stack:
        yield Account(tmp_path / "rsh" / "shells", stack)


def test_shell_is_found_by_its_id_and_by_its_name(account: Account) -> None:
    place = account.start("work", "0badc0de")
    assert shells.find("work") == shells.find("0badc0de") == place
    with pytest.raises(Refused) as refused:
        shells.find("wor")
    assert refused.value.code == Code.NO_SHELL


def test_shell_that_was_left_last_is_found_without_a_name(account: Account) -> None:
    with pytest.raises(Refused):
        shells.find("")
    place = account.start()
    assert shells.find("") == place


def test_same_id_is_the_same_shell(account: Account) -> None:
    place = account.start(id="0badc0de")
    assert account.start(id="0badc0de") == place
    assert len(shells.entries()) == 1


def test_name_that_is_taken_is_refused_until_its_shell_has_ended(account: Account) -> None:
    place = account.start("work")
    with pytest.raises(Refused, match="work"):
        account.start("work")
    inquiry.end(place)
    while os.path.exists(place.path):
        time.sleep(0.01)
    assert account.start("work").name == "work"


def test_shell_that_nobody_wants_goes_for_a_new_one(account: Account) -> None:
    named = account.start("kept", most=2)
    foreign = account.start(key="another key", most=2)
    spare = account.start(most=2)
    newest = account.start(most=2)
    left = {entry.id for entry in shells.entries()}
    assert spare.id not in left
    assert {named.id, foreign.id, newest.id} <= left


def test_key_that_can_spare_none_gets_no_more(account: Account) -> None:
    account.start("one", most=2)
    account.start("two", most=2)
    with pytest.raises(Refused) as refused:
        account.start(most=2)
    assert refused.value.code == Code.BUSY
    assert account.start(key="another key", most=2)


def test_what_a_dead_holder_and_a_dead_daemon_have_left_is_removed(account: Account) -> None:
    place = account.start()
    for name in ("dead.name", UNFINISHED + "begun"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(account.folder / name))
    assert [entry.id for entry in shells.entries()] == [place.id]
    account.start()
    assert not {"dead.name", UNFINISHED + "begun"} & set(os.listdir(account.folder))


def test_shell_that_has_ended_is_none_although_a_client_may_be_back_to_hear_of_it(account: Account) -> None:
    old = account.start(name="work", id="00000001")
    with closing(old.connect()) as sock:
        sock.settimeout(SOON)
        sock.sendall(attach(b"u" * 16))
        assert hear(sock)[0] == wire.ATTACHED
    inquiry.end(old)
    assert shells.entries() == []
    old.connect().close()
    new = account.start(name="work", id="00000002")
    assert shells.find("work") == new
    assert [entry.id for entry in shells.entries()] == [new.id]


def test_what_is_no_socket_is_left_alone_and_never_followed(account: Account, tmp_path: Path) -> None:
    place = account.start()
    folder = Path(place.folder)
    (folder / "11111111").symlink_to(place.path)
    (folder / "22222222").write_text("mine")
    for name in ("11111111", "22222222"):
        with pytest.raises(Refused, match="is not a socket") as refused:
            shells.find(name).connect()
        assert refused.value.code == Code.NO_SHELL
    assert [entry.id for entry in shells.entries()] == [place.id]
    assert (folder / "11111111").is_symlink()
    assert (folder / "22222222").read_text() == "mine"


def test_completion_is_asked_of_a_shell_that_is_free(account: Account) -> None:
    place = account.start()
    answer = inquiry.complete(place, "command", b"rsh-no-such-comman")
    assert answer == []
    assert inquiry.complete(place, "command", b"x" * wire.MAX_FIRST) == []


def test_shell_that_cannot_be_started_leaves_nothing(account: Account) -> None:
    with pytest.raises(Refused) as refused:
        shells.start(b"/bin/sh", Shell(Terminal(80, 24)), b"/no/such/place", ENVIRONMENT, Grant(), Terms())
    assert refused.value.code == Code.COMMAND
    assert os.listdir(account.folder) in ([], [".lock"])
