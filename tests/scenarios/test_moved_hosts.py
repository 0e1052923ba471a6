"""The machine over there has moved: its name has another address now, and the client finds it there by itself."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machines import NEEDS_IPV6, SOON, Daemon, Home, program
from tests.proxy import Proxy

NAME = "wanderer"

# Runs a command in a mount namespace of its own, where the names of machines are found in a file of the test's.
ELSEWHERE = 'mount --make-rprivate / && mount --bind "$1" /etc/hosts && shift && exec "$@"'


class Names:
    """A file in the place of /etc/hosts, for clients that are started with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def point_to(self, *addresses: str) -> None:
        """Let the name have these addresses from now on. The file stays the same one, for it is mounted."""
        self._path.write_text("".join(f"{address} {NAME}\n" for address in addresses))

    def spawn(self, home: Home, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a client."""
        words = ["unshare", "-m", "sh", "-c", ELSEWHERE, "sh", str(self._path), *program("rsh"), *arguments]
        return subprocess.Popen(words, env=home.environment, stdin=-1, stdout=-1, stderr=-1)


@pytest.fixture
def names(tmp_path: Path) -> Names:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("only root may change the names of machines in a mount namespace of its own")
    return Names(tmp_path / "hosts")


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """A daemon that waits for a client that was cut off as long as a busy machine takes."""
    with Daemon(home, "--grace", str(SOON)) as running:
        yield running


@pytest.fixture
def old(daemon: Daemon, names: Names) -> Iterator[Proxy]:
    """The way to the daemon that there is at first."""
    names.point_to("127.0.0.1")
    with Proxy(daemon.host) as proxy:
        url = daemon.home.server_command("url", f"{NAME}:{proxy.port}").stdout.decode().strip()
        trusting = names.spawn(daemon.home, "trust", url)
        trusting.communicate(timeout=SOON)
        assert trusting.returncode == 0
        yield proxy


@contextmanager
def talking(names: Names, home: Home, old: Proxy) -> Iterator[subprocess.Popen[bytes]]:
    """Give a client with a command at work, which has been reached the old way."""
    client = names.spawn(home, "exec", f"{NAME}:{old.port}", "--", "cat")
    try:
        talk(client, b"before")
        yield client
        assert client.communicate(timeout=SOON) == (b"", b"")
        assert client.returncode == 0
    finally:
        client.kill()
        client.communicate()


def talk(client: subprocess.Popen[bytes], word: bytes) -> None:
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(word + b"\n")
    client.stdin.flush()
    assert client.stdout.readline() == word + b"\n"


@pytest.mark.parametrize("address", ["127.0.0.2", pytest.param("::1", marks=NEEDS_IPV6)])
def test_command_goes_on_at_the_new_address_of_its_name(
    names: Names, home: Home, daemon: Daemon, old: Proxy, address: str
) -> None:
    with Proxy(daemon.host, here=address, port=old.port) as new, talking(names, home, old) as client:
        names.point_to(address)
        old.refuse()
        old.cut()
        talk(client, b"after")
        assert new.accepted >= 1
    assert daemon.log.count("session begins") == 1


def test_name_that_is_known_again_after_a_while_is_enough(names: Names, home: Home, daemon: Daemon, old: Proxy) -> None:
    """In between nobody knows it, as while a machine moves, or a laptop has no network."""
    with Proxy(daemon.host, here="127.0.0.2", port=old.port) as new, talking(names, home, old) as client:
        names.point_to()
        old.forget()
        assert client.stdin is not None and client.stdout is not None
        client.stdin.write(b"into nothing\n")
        client.stdin.flush()
        names.point_to("127.0.0.2")
        assert client.stdout.readline() == b"into nothing\n"
        assert new.accepted >= 1


@NEEDS_IPV6
def test_address_that_swallows_everything_holds_nobody_up(names: Names, home: Home, daemon: Daemon, old: Proxy) -> None:
    """The resolver prefers IPv6, and there nobody answers: IPv4 is tried beside it."""
    with talking(names, home, old) as client, deaf("::1", old.port):
        names.point_to("::1", "127.0.0.1")
        before = old.accepted
        old.cut()
        talk(client, b"after")
        assert old.accepted > before


@contextmanager
def deaf(address: str, port: int) -> Iterator[None]:
    """Have a place where connections are neither made nor refused: its queue is full, and words to it are dropped."""
    with socket.socket(socket.AF_INET6) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(0)
        waiting = [socket.socket(socket.AF_INET6) for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex((address, port))
        try:
            yield
        finally:
            for each in waiting:
                each.close()
