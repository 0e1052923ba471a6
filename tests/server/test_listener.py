from __future__ import annotations

import socket
import threading

from rsh.server.listener import Listener
from tests.machines import SOON


def test_connection_is_counted_out_when_no_thread_can_be_had_for_it() -> None:
    present: list[str] = []
    departed = threading.Event()

    def arrive(host: str) -> bool:
        present.append(host)
        return True

    def depart(host: str) -> None:
        present.remove(host)
        departed.set()

    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    listener = Listener(listening, "here", lambda sock, _: sock.close(), arrive, depart)
    listener.start()
    threading.stack_size(1 << 46)  # more than any machine can map
    try:
        with socket.create_connection(address, SOON) as client:
            assert client.recv(1) == b""
        assert departed.wait(SOON)
    finally:
        threading.stack_size(0)
        listener.stop()
    assert present == []
