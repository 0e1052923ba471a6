"""The holder by itself, with its sockets in our hands."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rsh.errors import Code, Refused
from rsh.holder import wire
from rsh.holder.child import Child
from rsh.holder.client import HELD_BACK
from rsh.holder.door import Door
from rsh.holder.holder import Holder
from rsh.holder.identity import Identity
from rsh.holder.reception import MOST_LINES
from rsh.holder.ring import KEPT
from rsh.protocol.requests import Shell, Terminal
from rsh.server import inquiry, place, shells
from rsh.server.account import Grant
from rsh.server.place import BACKLOG, Place
from rsh.server.shells import Terms
from tests.machines import SOON

ANYBODYS_PYTHON = "/usr/bin/python3"


class Peer:
    """A daemon in our hands: one connection to a holder."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(SOON)

    def attach(
        self,
        token: bytes,
        *,
        offset: int = 0,
        seen: int = 0,
        flags: int = 0,
        who: bytes = b"me",
        size: tuple[int, int] = (80, 24),
    ) -> bytes:
        """Attach as a client; give the answer."""
        head = wire.ATTACH_HEAD.pack(token.ljust(16), offset, 2**62 - 1, seen, *size, flags)
        self.say(wire.ATTACH, head + who)
        return self.hear(wire.ATTACHED)

    def say(self, kind: int, payload: bytes = b"") -> None:
        """Send the holder a message."""
        self.sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)

    def run(self, number: int, line: bytes) -> None:
        """Send a line."""
        self.say(wire.RUN, wire.RUN_HEAD.pack(number, 0, 0) + line)

    def next(self) -> tuple[int, bytes]:
        """Give the next message."""
        kind, length = wire.HEAD.unpack(self._receive(wire.HEAD.size))
        return kind, self._receive(length)

    def hear(self, wanted: int) -> bytes:
        """Give the payload of the next message of a kind."""
        while True:
            kind, payload = self.next()
            if kind == wanted:
                return payload

    def output_until(self, words: bytes) -> bytes:
        """Give the output up to some words."""
        output = b""
        while words not in output:
            output += self.hear(wire.OUTPUT)[8:]
        return output

    def is_hung_up(self) -> bool:
        """Tell whether the holder hangs up, whatever it says before."""
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def _receive(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self.sock.recv(length - len(data))
            assert piece, "the holder hung up"
            data += piece
        return data


class Held:
    """A shell in a holder."""

    def __init__(self, shell: bytes, *, lives_on: float = 60.0) -> None:
        environment = {b"PATH": os.environb[b"PATH"], b"HOME": b"/nonexistent", b"LC_ALL": b"C"}
        request = Shell(Terminal(80, 24))
        grant = Grant(label="ann@laptop")
        self.place, sock = shells.start(shell, request, b"/", environment, grant, Terms(lives_on))
        self.first = Peer(sock)
        self.peers = [self.first]

    def come(self) -> Peer:
        """Connect once more."""
        peer = Peer(self.place.connect())
        self.peers.append(peer)
        return peer

    def begin(self, line: bytes) -> None:
        """Have the first client attach, and run a line that says when it is `on`."""
        self.first.attach(b"a")
        self.first.hear(wire.REPORT)
        self.first.run(1, line)
        self.first.output_until(b"on")

    def close(self) -> None:
        """End the shell."""
        try:
            inquiry.end(self.place)
        except Refused:
            pass  # It has ended already.
        for peer in self.peers:
            peer.sock.close()


@pytest.fixture(params=[b"/bin/bash", b"/bin/sh"])
def held(request: pytest.FixtureRequest) -> Iterator[Held]:
    shell = Held(request.param)
    yield shell
    shell.close()


@pytest.fixture
def bash() -> Iterator[Held]:
    shell = Held(b"/bin/bash")
    yield shell
    shell.close()


def wait_until_gone(place: Place, seconds: float = SOON) -> None:
    """Wait until nobody answers for a shell any more."""
    end = time.monotonic() + seconds
    while os.path.exists(place.path):
        assert time.monotonic() < end
        time.sleep(0.02)  # a file can only be looked at again


def status_of(report: bytes) -> int:
    return int(wire.REPORT_HEAD.unpack_from(report)[3])


def test_each_line_is_reported_once(held: Held) -> None:
    held.first.attach(b"a")
    held.first.hear(wire.REPORT)
    held.first.run(1, b"cd /tmp; (exit 5)")
    report = held.first.hear(wire.REPORT)
    assert wire.REPORT_HEAD.unpack_from(report)[0:3:2] == (2, 1)
    assert (status_of(report), report[wire.REPORT_HEAD.size :]) == (5, b"/tmp")


def test_shell_that_ends_is_told_of_with_its_status(held: Held) -> None:
    held.first.attach(b"a")
    held.first.run(1, b"exit 9")
    assert struct.unpack(">QBB", held.first.hear(wire.ENDED))[1:] == (9, 0)
    wait_until_gone(held.place)


def test_last_words_of_a_shell_that_is_hung_up_on_come_before_its_end(bash: Held) -> None:
    bash.begin(b"trap 'echo last words' EXIT; echo on; sleep 600")
    bash.first.say(wire.END)
    said, ended = b"", None
    while ended is None or not said.endswith(b"last words\r\n"):  # in one piece or in two
        kind, payload = bash.first.next()
        if kind == wire.OUTPUT:
            said += payload[8:]
        elif kind == wire.ENDED:
            ended = struct.unpack(">QBB", payload)
    assert ended[1:] == (0, signal.SIGHUP)
    wait_until_gone(bash.place)


def test_program_that_its_shell_begins_while_it_is_hung_up_on_is_told_too(bash: Held) -> None:
    bash.begin(b"trap 'sleep 600; exit 7' HUP; echo on; while :; do :; done")
    bash.first.say(wire.END)
    assert struct.unpack(">QBB", bash.first.hear(wire.ENDED))[1:] == (7, 0)


def test_shell_that_says_much_to_its_end_is_heard(bash: Held) -> None:
    bash.begin(b"trap 'seq 1 20000; exit 7' EXIT; echo on; read")
    bash.first.say(wire.END)
    bash.first.output_until(b"\r\n20000\r\n")


def test_who_comes_back_after_the_end_hears_of_it(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    watcher = bash.come()
    watcher.attach(b"w")
    bash.first.run(1, b"read x; echo out; exit 9")
    watcher.hear(wire.STARTED)
    bash.first.sock.close()
    assert watcher.hear(wire.NOTICE) == b"me has gone"
    watcher.say(wire.INPUT, b"\n")
    watcher.hear(wire.ENDED)
    asking = bash.come()
    asking.say(wire.COMPLETE, b"command\0l")
    assert asking.hear(wire.ANSWER) == b"\0"
    # Nothing that concerns the terminal has an effect any more, nor does harm.
    again = bash.come()
    again.attach(b"a", flags=wire.REDRAW, size=(100, 30))
    kinds = {}
    while wire.OUTPUT not in kinds or wire.ENDED not in kinds:
        kind, payload = again.next()
        kinds[kind] = payload
    assert b"\r\nout\r\n" in kinds[wire.OUTPUT]
    assert struct.unpack(">QBB", kinds[wire.ENDED])[1:] == (9, 0)


def test_line_that_comes_twice_runs_once(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.run(1, b"echo o; echo n; count=$((count + 1))")
    bash.first.hear(wire.REPORT)
    bash.first.hear(wire.REPORT)
    bash.first.sock.close()
    again = bash.come()
    _, _, lines, _, reports, running = wire.ATTACHED_BODY.unpack(again.attach(b"a", seen=1))
    assert (lines, reports, running) == (1, 2, 0)
    assert wire.REPORT_HEAD.unpack_from(again.hear(wire.REPORT))[0:3:2] == (2, 1)
    again.run(1, b"count=$((count + 1))")
    again.run(2, b"echo count=$count.")
    assert b"count=1." in again.output_until(b".")


def test_input_is_counted_for_who_comes_back(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.run(1, b"read x; echo got=$x.")
    bash.first.say(wire.INPUT, b"hel")
    bash.first.output_until(b"hel")
    bash.first.sock.close()
    again = bash.come()
    assert wire.ATTACHED_BODY.unpack(again.attach(b"a"))[3] == 3
    again.say(wire.INPUT, b"lo\n")
    assert b"got=hello." in again.output_until(b".")


def test_output_goes_on_where_it_was(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.run(1, b"seq 1 200000")
    output = bash.first.output_until(b"\n1000\r")
    bash.first.sock.close()
    again = bash.come()
    start = wire.ATTACHED_BODY.unpack(again.attach(b"a", offset=len(output)))[0]
    assert start == len(output)
    while b"\n200000\r\n" not in output[-100:]:
        payload = again.hear(wire.OUTPUT)
        assert wire.NUMBER.unpack_from(payload)[0] == len(output)
        output += payload[8:]
        again.say(wire.SEEN, wire.NUMBER.pack(len(output)))
    assert output.split() == [b"%d" % number for number in range(1, 200001)]


def test_program_waits_for_the_client_that_is_furthest(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    bash.first.run(1, b"yes | head -c 3000000; echo; echo end")
    slow = bash.come()
    slow.attach(b"slow", who=b"slow")
    while True:
        kind, payload = bash.first.next()
        if kind == wire.OUTPUT:
            seen = wire.NUMBER.unpack_from(payload)[0] + len(payload) - 8
            bash.first.say(wire.SEEN, wire.NUMBER.pack(seen))
        elif kind == wire.REPORT:
            output = wire.REPORT_HEAD.unpack_from(payload)[1]  # The last of it may come behind that.
            break
    assert output > 2 * KEPT
    # The other one did not hold it up, and what it gets has a gap.
    position, last = 0, b""
    while position < output:
        payload = slow.hear(wire.OUTPUT)
        start = wire.NUMBER.unpack_from(payload)[0]
        assert start >= position
        position = start + len(payload) - 8
        last = (last + payload[8:])[-10:]
    assert last.endswith(b"end\r\n")


def test_too_old_an_offset_begins_at_what_is_kept(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    bash.first.say(wire.LEAVE)
    other = bash.come()
    other.attach(b"b")
    other.run(1, b"yes | head -c 3000000")
    seen = 0
    while seen < 3000000:
        payload = other.hear(wire.OUTPUT)
        seen = wire.NUMBER.unpack_from(payload)[0] + len(payload) - 8
        other.say(wire.SEEN, wire.NUMBER.pack(seen))
    late = bash.come()
    start, end, *_ = wire.ATTACHED_BODY.unpack(late.attach(b"late", offset=5))
    assert end - KEPT * 2 < start <= end - KEPT


def test_others_see_whose_line_begins(bash: Held) -> None:
    bash.first.attach(b"a", who=b"ann")
    bash.first.hear(wire.REPORT)
    other = bash.come()
    other.attach(b"b", flags=wire.LATEST, who=b"bob")
    assert bash.first.hear(wire.NOTICE) == b"bob is attached too"
    other.hear(wire.REPORT)
    other.run(1, b"echo hello")
    started = bash.first.hear(wire.STARTED)
    assert started[wire.STARTED_HEAD.size :] == b"bob\0echo hello"
    assert wire.REPORT_HEAD.unpack_from(bash.first.hear(wire.REPORT))[0:3:2] == (2, 0)
    assert wire.REPORT_HEAD.unpack_from(other.hear(wire.REPORT))[0:3:2] == (2, 1)


def test_read_only_client_cannot_write(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    watcher = bash.come()
    watcher.attach(b"w", flags=wire.READ_ONLY)
    bash.first.run(1, b"read x; echo got=$x.")
    watcher.hear(wire.STARTED)
    watcher.say(wire.INPUT, b"no\n")
    watcher.run(1, b"echo no")
    watcher.say(wire.SIGNAL, b"\x02")
    watcher.say(wire.END)
    watcher.say(wire.SEEN, wire.NUMBER.pack(0))
    bash.first.say(wire.INPUT, b"yes\n")
    assert b"got=yes." in watcher.output_until(b"got=yes.")
    bash.first.run(2, b"echo -n done:")
    output = watcher.output_until(b"done:")
    assert b"no" not in output


def test_who_steals_has_the_others_go(bash: Held) -> None:
    bash.first.attach(b"a")
    thief = bash.come()
    thief.attach(b"b", flags=wire.STEAL, who=b"bob")
    assert bash.first.hear(wire.GONE) == b"taken over by bob"
    assert bash.first.is_hung_up()


def test_who_has_much_to_take_is_told_of_a_thief_as_well(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    watcher = bash.come()
    watcher.attach(b"w", flags=wire.LATEST)
    bash.first.run(1, b"head -c 400000 /dev/zero | tr '\\0' x")
    seen = 0
    while seen < 400000:  # What waits for the other one fills its socket.
        payload = watcher.hear(wire.OUTPUT)
        seen = wire.NUMBER.unpack_from(payload)[0] + len(payload) - wire.NUMBER.size
        watcher.say(wire.SEEN, wire.NUMBER.pack(seen))
    again = bash.come()
    again.attach(b"c", flags=wire.STEAL, who=b"bob")
    assert bash.first.hear(wire.GONE) == b"taken over by bob"
    assert bash.first.is_hung_up()


def test_shell_ends_that_nobody_comes_back_to() -> None:
    shell = Held(b"/bin/bash", lives_on=0.3)
    shell.first.attach(b"a")
    shell.first.hear(wire.REPORT)
    shell.first.say(wire.LEAVE)
    wait_until_gone(shell.place)
    shell.close()
    with pytest.raises(Refused, match="ended") as caught:
        shell.place.connect()
    assert caught.value.code == Code.NO_SHELL


def test_shell_that_ends_by_time_waits_for_nobody_who_went_without_a_word() -> None:
    shell = Held(b"/bin/bash", lives_on=0.3)
    shell.first.attach(b"a")
    shell.first.hear(wire.REPORT)
    shell.first.sock.close()
    wait_until_gone(shell.place, HELD_BACK / 2)
    shell.close()


def test_shell_that_is_told_to_end_waits_for_nobody_who_never_came(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(tmp_path / "door"))
        identity = Identity("1", "", "ann@laptop", "", 60.0)
        holder = Holder(Door(listening, os.fspath(tmp_path / "door")), identity, "/bin/sh", 80, 24)
        holder.hang_up()
        assert holder.is_over()


def test_report_that_is_lost_is_asked_for_whenever_it_becomes_time_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early_for = vars(Child)["early_for"]

    def just_about(child: Child) -> float:
        left: float = early_for.__get__(child)
        time.sleep(left)  # it is time when the holder looks once more
        return left

    monkeypatch.setattr(Child, "early_for", property(just_about))
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as sock:
        listening.bind(os.fspath(tmp_path / "door"))
        listening.listen()
        identity = Identity("1", "", "ann@laptop", "", 60.0)
        holder = Holder(Door(listening, os.fspath(tmp_path / "door")), identity, "/bin/bash", 80, 24)
        thread = threading.Thread(target=holder.run)
        thread.start()
        sock.connect(os.fspath(tmp_path / "door"))
        peer = Peer(sock)
        try:
            peer.attach(b"a")
            assert status_of(peer.hear(wire.REPORT)) == 0
            peer.run(1, b"exec >/dev/null 2>&1; kill -INT $$")
            assert status_of(peer.hear(wire.REPORT)) == 130
        finally:
            peer.say(wire.END)
            thread.join(SOON)
            for client in holder.here():
                client.go(for_good=True)


def test_who_only_asks_about_a_shell_does_not_keep_it_alive() -> None:
    shell = Held(b"/bin/bash", lives_on=0.5)
    shell.first.attach(b"a")
    shell.first.hear(wire.REPORT)
    shell.first.say(wire.LEAVE)
    end = time.monotonic() + SOON
    while any(entry.id == shell.place.id for entry in shells.entries()):
        assert time.monotonic() < end
        time.sleep(0.05)  # often enough that it would never end
    shell.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x05\xff\xff\xff\xff",
        b"\x05\0\0\0\x03abc",
        b"\x01\0\0\0\0",
        b"\x08\0\0\0\0" + b"\xff" * 64,
    ],
)
def test_garbage_at_the_socket_is_hung_up_on(bash: Held, garbage: bytes) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    bad = bash.come()
    bad.sock.sendall(garbage)
    assert bad.is_hung_up()
    bash.first.run(1, b"echo fine")
    assert b"fine" in bash.first.output_until(b"fine")


@pytest.mark.parametrize("garbage", [(wire.RESIZE, b"x"), (wire.SIGNAL, b""), (wire.SEEN, b""), (wire.RUN, b"1")])
def test_malformed_message_of_a_client_is_hung_up_on(bash: Held, garbage: tuple[int, bytes]) -> None:
    bash.first.attach(b"a")
    bad = bash.come()
    bad.attach(b"b")
    bad.say(*garbage)
    assert bad.is_hung_up()
    bash.first.run(1, b"echo fine")
    assert b"fine" in bash.first.output_until(b"fine")


def test_more_lines_than_may_wait_are_hung_up_on(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    flood = bash.come()
    flood.attach(b"f")
    flood.run(1, b"sleep 60")
    with suppress(ConnectionError):
        for number in range(2, MOST_LINES + 3):
            flood.run(number, b"")
    assert flood.is_hung_up()


def test_more_input_than_may_wait_is_hung_up_on(bash: Held) -> None:
    bash.begin(b"stty raw -echo; echo on; exec sleep 60")
    flood = bash.come()
    flood.attach(b"b")
    with pytest.raises(OSError):
        for _ in range(100):
            flood.say(wire.INPUT, b"x" * 1_000_000)


def test_huge_message_is_hung_up_on_before_it_is_read(bash: Held) -> None:
    bash.first.attach(b"a")
    bad = bash.come()
    bad.attach(b"b")
    bad.sock.sendall(wire.HEAD.pack(wire.RUN, wire.MAX_MESSAGE + 1))
    assert bad.is_hung_up()


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists(ANYBODYS_PYTHON), reason="nobody else can be had here")
def test_another_user_is_hung_up_on(bash: Held, tmp_path: Path) -> None:
    bash.first.attach(b"a")
    open_to_all = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        os.link(bash.place.path, open_to_all / "socket")
        open_to_all.chmod(0o777)
        (open_to_all / "socket").chmod(0o777)
        script = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1))"
        command = [ANYBODYS_PYTHON, "-I", "-S", "-c", script, str(open_to_all / "socket")]
        done = subprocess.run(command, user=65534, group=65534, capture_output=True, timeout=SOON)
    finally:
        shutil.rmtree(open_to_all)
    assert done.stdout == b"b''\n", done.stderr
    bash.first.run(1, b"echo fine")
    assert b"fine" in bash.first.output_until(b"fine")


def test_many_clients_may_have_been_there(bash: Held) -> None:
    bash.first.attach(b"a")
    for number in range(70):
        peer = bash.come()
        peer.attach(b"%d" % number)
        peer.say(wire.LEAVE)
        assert peer.is_hung_up()
    bash.first.run(1, b"echo fine")
    assert b"fine" in bash.first.output_until(b"fine")


def test_program_is_named_when_the_shell_itself_runs_it(bash: Held) -> None:
    bash.begin(b"echo on; sleep 61")
    (entry,) = [entry for entry in shells.entries() if entry.id == bash.place.id]
    assert (entry.running, entry.attached, entry.owner) == (b"echo on; sleep 61", ("me",), "ann@laptop")


def test_dead_holders_socket_is_removed(bash: Held) -> None:
    bash.first.attach(b"a")
    bash.first.hear(wire.REPORT)
    pid = struct.unpack("3i", bash.first.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    assert pid == os.getpid()  # who listened is who made the socket: us
    stale = Place(bash.place.folder, "0badc0de")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(stale.path)
    dead.close()
    assert "0badc0de" not in [entry.id for entry in shells.entries()]
    assert not os.path.exists(stale.path)


def test_stopped_holder_holds_nobody_up(bash: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "PATIENCE", 0.05)
    monkeypatch.setattr(inquiry, "END_PATIENCE", 0.05)
    monkeypatch.setattr(place, "_LIMITED", struct.pack("ll", 0, 50000))
    bash.first.attach(b"a")
    bash.first.run(1, b"echo pid=$PPID.")
    holder = int(bash.first.output_until(b".").partition(b"pid=")[2].partition(b".")[0])
    os.kill(holder, signal.SIGSTOP)
    try:
        for _ in range(BACKLOG + 3):
            (entry,) = [entry for entry in shells.entries() if entry.id == bash.place.id]
            assert not entry.answers
        with pytest.raises(Refused, match="does not answer") as caught:
            inquiry.end(bash.place)
        assert caught.value.code == Code.BUSY
    finally:
        os.kill(holder, signal.SIGCONT)
    assert os.path.exists(bash.place.path)
