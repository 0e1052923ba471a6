from __future__ import annotations

import errno
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from rsh.errors import DeadlineExpired, LinkError, UsageError
from rsh.transport import sockets
from rsh.transport.address import Address, parse
from tests.machines import NEEDS_IPV6, SOON, reserve_port


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def test_dialled_socket_is_tuned_and_blocking() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        sockets.dial(sockets.bound_address(listener), time.monotonic() + SOON) as sock,
    ):
        assert sock.gettimeout() is None and os.get_blocking(sock.fileno())
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == sockets.USER_TIMEOUT


@NEEDS_IPV6
def test_name_with_two_families_reaches_the_one_that_listens() -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.create_server((host, 0), family=family) as listener:
            port = listener.getsockname()[1]
            targets: list[sockets.Target] = [(socket.AF_INET6, ("::1", port)), (socket.AF_INET, ("127.0.0.1", port))]
            with sockets._Race(parse("both"), targets, time.monotonic() + SOON).run() as sock:
                assert sock.getpeername() == listener.getsockname()


def test_name_is_resolved_and_dialled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("tcp", host="localhost", port=listener.getsockname()[1])
        sockets.dial(address, time.monotonic() + SOON).close()


def test_refused_connection_names_the_address() -> None:
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        with pytest.raises(LinkError, match=f"^localhost:{port}: Connection refused$"):
            sockets.dial(Address("tcp", host="localhost", port=port))


def test_unknown_name_is_a_link_error() -> None:
    with pytest.raises(LinkError, match=r"^no-such-host\.invalid: "):
        sockets.dial(parse("no-such-host.invalid"), time.monotonic() + 30)


@pytest.mark.parametrize("host", ["a" * 300, "a..b", "é" * 70])
def test_impossible_name_is_a_link_error(host: str) -> None:
    with pytest.raises(LinkError):
        sockets.dial(parse(host))


def test_full_backlog_ends_at_the_deadline() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = sockets.bound_address(listener)
        fillers = [sockets.dial(address, time.monotonic() + SOON)]
        with pytest.raises(DeadlineExpired):
            fillers.extend(sockets.dial(address, time.monotonic() + 0.2) for _ in range(8))
        for filler in fillers:
            filler.close()


def test_address_that_does_not_answer_costs_a_head_start_only() -> None:
    with socket.socket() as silent, socket.create_server(("127.0.0.1", 0)) as listener:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        targets: list[sockets.Target] = [(socket.AF_INET, sock.getsockname()) for sock in (silent, listener)]
        with sockets._Race(parse("both:1"), targets, time.monotonic() + SOON).run() as winner:
            assert winner.getpeername() == listener.getsockname()
        for filler in fillers:
            filler.close()


def test_families_alternate() -> None:
    four, six = int(socket.AF_INET), int(socket.AF_INET6)
    targets: list[sockets.Target] = [(family, (str(number), 1)) for number, family in enumerate([six, six, six, four])]
    assert [name[0] for _, name in sockets._interleaved(targets)] == ["0", "3", "1", "2"]


def test_unix_socket_is_dialled_and_its_user_known(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with sockets.dial(parse(f"unix:{tmp_path}/s"), time.monotonic() + SOON) as sock:
            assert sockets.peer_uid(sock) == os.geteuid()
            assert sockets.peer_host(sock) == ""
            accepted, _ = listener.accept()
            accepted.close()


def test_missing_unix_socket_is_a_link_error(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="No such file"):
        sockets.dial(parse(f"unix:{tmp_path}/none"))


def test_unix_socket_with_full_backlog_ends_at_the_deadline(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        address = parse(f"unix:{tmp_path}/s")
        with sockets.dial(address, time.monotonic() + SOON), pytest.raises(DeadlineExpired):
            sockets.dial(address, time.monotonic() + 0.1)


def test_descriptor_is_adopted_if_it_is_connected() -> None:
    ours, theirs = socket.socketpair()
    with theirs, sockets.dial(Address("fd", fd=ours.detach())) as sock:
        theirs.sendall(b"x")
        assert sock.recv(1) == b"x"


@pytest.mark.parametrize("descriptor", [987654, 0])
def test_descriptor_that_is_no_socket_is_refused(descriptor: int) -> None:
    descriptor = descriptor or os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(UsageError, match=f"^fd:{descriptor}: "):
        sockets.adopt(descriptor, listening=True)
    if descriptor != 987654:
        os.close(descriptor)


def test_descriptor_of_the_wrong_kind_is_left_open() -> None:
    with socket.socket() as sock, pytest.raises(UsageError, match="not a listening"):
        sockets.adopt(sock.fileno(), listening=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        with pytest.raises(UsageError):
            sockets.adopt(sock.fileno(), listening=False)
        os.fstat(sock.fileno())


def test_ipv4_peer_of_a_dual_stack_socket_is_named_by_its_ipv4_address() -> None:
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener,
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])),
        listener.accept()[0] as accepted,
    ):
        assert sockets.peer_host(accepted) == "127.0.0.1"


def test_connection_that_was_reset_when_it_was_made_has_failed() -> None:
    """As behind a proxy that is overrun: the kernel says that it is there, and then that it is not."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as sock:
        assert sockets._unusable(sock) == 0
    with socket.socket() as sock:
        assert sockets._unusable(sock) == errno.ECONNRESET


def test_dialling_does_not_reach_ourselves() -> None:
    port = unused_port()
    before = set(threading.enumerate())
    for _ in range(200):
        with pytest.raises(LinkError):
            sockets.dial(Address("tcp", host="127.0.0.1", port=port)).close()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("family", "host", "to"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0", "127.0.0.9"),
        pytest.param(socket.AF_INET6, "::1", "::1", marks=NEEDS_IPV6),
        pytest.param(socket.AF_INET6, "::", "127.0.0.1", marks=NEEDS_IPV6),
    ],
)
def test_both_ends_of_a_connection_within_the_machine_are_called_the_same(
    family: socket.AddressFamily, host: str, to: str
) -> None:
    with (
        socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::") as listener,
        socket.create_connection((to, listener.getsockname()[1])) as ours,
        listener.accept()[0] as theirs,
    ):
        begins, leads = sockets.local_ends(ours)
        assert begins and leads.startswith(f"{to}:")
        assert sockets.local_ends(theirs) == (leads, begins)


def test_other_sockets_have_no_ends_within_the_machine() -> None:
    one, other = socket.socketpair()
    with one, other, socket.create_server(("127.0.0.1", 0)) as listener:
        assert sockets.local_ends(one) == ("", "")
        assert sockets.local_ends(listener) == ("", "")
