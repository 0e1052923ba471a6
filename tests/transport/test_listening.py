from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rsh.errors import UsageError
from rsh.transport import listening, sockets
from rsh.transport.address import Address, parse
from tests.machines import NEEDS_IPV6


def close(opened: list[socket.socket]) -> None:
    for sock in opened:
        sock.close()


def test_port_zero_becomes_a_number() -> None:
    opened = listening.listen(parse("127.0.0.1:0"))
    [address] = [sockets.bound_address(sock) for sock in opened]
    assert address.host == "127.0.0.1" and address.port > 0
    sockets.dial(address).close()
    close(opened)


@NEEDS_IPV6
def test_ipv6_address_is_ipv6_only() -> None:
    opened = listening.listen(parse("[::1]:0"))
    assert opened[0].getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
    assert str(sockets.bound_address(opened[0])).startswith("[::1]:")
    close(opened)


@NEEDS_IPV6
def test_colon_port_answers_in_both_families() -> None:
    opened = listening.listen(parse(":0"))
    port = sockets.bound_address(opened[0]).port
    for host in ("127.0.0.1", "::1"):
        sockets.dial(Address("tcp", host=host, port=port)).close()
    close(opened)


def test_name_listens_on_all_its_addresses_with_one_port() -> None:
    opened = listening.listen(parse("localhost:0"))
    assert len({sockets.bound_address(sock).port for sock in opened}) == 1
    hosts = [sockets.bound_address(sock).host for sock in opened]
    assert len(set(hosts)) == len(hosts) and "127.0.0.1" in hosts
    close(opened)


def test_taken_port_is_a_usage_error() -> None:
    opened = listening.listen(parse("127.0.0.1:0"))
    address = sockets.bound_address(opened[0])
    with pytest.raises(UsageError, match=f"^{address}: Address already in use$"):
        listening.listen(address)
    close(opened)


@pytest.mark.parametrize("text", ["192.0.2.1:0", "no-such-host.invalid:0", "[2001:db8::1]:0"])
def test_address_of_somebody_else_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        listening.listen(parse(text))


def test_unix_socket_is_private_in_a_private_folder(tmp_path: Path) -> None:
    address = parse(f"unix:{tmp_path}/run/rsh/s")
    opened = listening.listen(address)
    status = os.stat(address.path)
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(address.path)).st_mode) == 0o700
    assert sockets.bound_address(opened[0]) == address
    sockets.dial(address).close()
    close(opened)


def test_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    address = parse(f"unix:{tmp_path}/s")
    close(listening.listen(address))
    assert os.path.exists(address.path)
    opened = listening.listen(address)
    sockets.dial(address).close()
    close(opened)


def test_unix_socket_on_which_somebody_answers_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    address = parse(f"unix:{tmp_path}/s")
    opened = listening.listen(address)
    with pytest.raises(UsageError, match="somebody answers there"):
        listening.listen(address)
    sockets.dial(address).close()
    close(opened)


def test_file_in_the_place_of_a_unix_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")
    with pytest.raises(UsageError, match="not a socket"):
        listening.listen(parse(f"unix:{tmp_path}/s"))
    assert (tmp_path / "s").read_text() == "precious"


def test_folder_where_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(UsageError, match="others may write here"):
        listening.listen(parse(f"unix:{tmp_path}/s"))


def test_descriptor_is_adopted() -> None:
    made = socket.create_server(("127.0.0.1", 0))
    expected = made.getsockname()
    [sock] = listening.listen(Address("fd", fd=made.detach()))
    assert sock.getsockname() == expected
    sock.close()


ACTIVATED = """
import os, socket
from rsh.transport.listening import systemd_sockets
os.environ["LISTEN_PID"] = str(os.getpid() + {offset})
names = [sock.getsockname()[1] for sock in systemd_sockets()]
print(names, [name for name in os.environ if name.startswith("LISTEN_")], flush=True)
os._exit(0)
"""


def activate(offset: int, passed: list[socket.socket]) -> str:
    """Start a process as systemd does: its sockets are descriptors 3 and up, counted in LISTEN_FDS."""
    copies = [os.dup(sock.fileno()) for sock in passed]
    arguments = " ".join(f"{3 + number}<&{copy}" for number, copy in enumerate(copies))
    script = f'exec "$0" -c "$1" {arguments}'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, ACTIVATED.format(offset=offset)],
        pass_fds=copies,
        env=dict(os.environ, LISTEN_FDS=str(len(passed)), LISTEN_FDNAMES="a:b"),
        capture_output=True,
        text=True,
        check=True,
    )
    for copy in copies:
        os.close(copy)
    return done.stdout.strip()


def test_sockets_of_systemd_are_adopted_in_order() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = [sock.getsockname()[1] for sock in (first, second)]
        assert activate(0, [first, second]) == f"{ports} []"


def test_sockets_meant_for_another_process_are_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        assert activate(1, [sock]) == "[] []"


def test_no_sockets_without_activation(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LISTEN_PID", "LISTEN_FDS"):
        monkeypatch.delenv(name, raising=False)
    assert listening.systemd_sockets() == []
