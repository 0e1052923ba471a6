"""A network that misbehaves: a TCP proxy between the real client and the real daemon.

It cuts (RST, FIN), blackholes, delays, limits and flips bits. As a program: `python -m tests.proxy --to 127.0.0.1:8000
--delay 0.1` prints `listening on ADDRESS` and takes `rst`, `fin`, `hole`, `mend`, `delay S`, `rate N` on stdin.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import struct
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from enum import Enum
from typing import Any, NamedTuple, TypeAlias, TypeVar

CHUNK = 256 * 1024  # bytes taken at once
QUEUE = 64 * 1024 * 1024  # bytes that may be under way: 320 MB/s over 200 ms
LATE = 0.005  # seconds that a timer may be late without making the rate smaller
KERNEL_QUEUE = 16 * 1024  # bytes of a network with a queue of its own that the kernel may hold beside it


class Direction(Enum):
    """Which way bytes go."""

    UP = "up"  # from the client to the daemon
    DOWN = "down"


class Kind(Enum):
    """What goes wrong."""

    RST = "rst"  # both ends see the connection reset
    FIN = "fin"  # both ends see it closed
    FLIP = "flip"  # one bit is wrong
    STALL = "stall"  # nothing passes any more on this connection, in either direction, and nobody is told


class Fault(NamedTuple):
    """Something that goes wrong with one connection, just before the byte numbered `at` of one direction passes."""

    kind: Kind
    direction: Direction
    at: int


Plan: TypeAlias = Callable[[int], Sequence[Fault]]
_Result = TypeVar("_Result")


def no_faults(number: int) -> Sequence[Fault]:
    """Let every connection be."""
    return ()


class Proxy:
    """A proxy in threads of its own. All methods may be called from any thread; they return when the thing is done.

    Attributes:
        host: where it listens, as `127.0.0.1:PORT`.
        port: that port.
        plan: gives the faults of a connection by its number, from 0; asked when the connection is accepted.
        delay: seconds that a byte is under way, in each direction: half a round trip.
        rate: bytes a second for each direction of each connection; None: no limit.
        queue: bytes that it holds for each direction of each connection before the sender has to wait.
        accepted: connections so far.
        taken: bytes taken in so far, by direction.
        passed: bytes handed on so far, by direction.
    """

    def __init__(
        self,
        to: str,
        *,
        port: int = 0,
        delay: float = 0.0,
        rate: float | None = None,
        queue: int = QUEUE,
        here: str = "127.0.0.1",
    ) -> None:
        """Stand before `to`, `host:port`, at `port` of the address `here`."""
        self.lead_to(to)
        self.plan: Plan = no_faults
        self.delay = delay
        self.rate = rate
        self.queue = queue
        self.accepted = 0
        self.taken = {Direction.UP: 0, Direction.DOWN: 0}
        self.passed = {Direction.UP: 0, Direction.DOWN: 0}
        self._open = asyncio.Event()  # nothing passes while it is clear
        self._open.set()
        self._reachable = True
        self._connections: set[_Connection] = set()
        self._arriving: set[socket.socket] = set()  # clients that are not passed on yet
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        family = socket.AF_INET6 if ":" in here else socket.AF_INET
        self._listener = socket.create_server((here, port), family=family, backlog=4096)
        self._listener.setblocking(False)
        if queue < QUEUE:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_QUEUE)
        self.port: int = self._listener.getsockname()[1]
        self.host = f"[{here}]:{self.port}" if ":" in here else f"{here}:{self.port}"
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    @property
    def open(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    def cut(self, kind: Kind = Kind.RST) -> int:
        """Cut all connections there are; give how many these were."""
        return self._do(self._cut(kind))

    def hole(self) -> None:
        """Swallow everything until `mend`: what was sent meanwhile arrives then, as TCP sends it again."""
        self._do(self._set_open(False))

    def mend(self) -> None:
        """Let bytes pass again."""
        self._do(self._set_open(True))

    def forget(self) -> None:
        """Have the connections there are never pass a byte again, as behind a router that was restarted."""
        self._do(self._forget())

    def refuse(self, refused: bool = True) -> None:
        """Reset new connections at once, as a machine where nobody listens; or serve them again."""
        self._do(self._set_reachable(not refused))

    def lead_to(self, to: str) -> None:
        """Stand before another daemon from now on; the connections there are stay as they are."""
        host, _, number = to.rpartition(":")
        self._target = (host.strip("[]"), int(number))

    def close(self) -> None:
        """Cut everything and be gone."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- inside, in the loop's thread ---

    def _do(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.add_reader(self._listener, self._accept)
        self._loop.run_forever()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside everything else."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # it has gone again
            return
        client.setblocking(False)
        if not self._reachable:
            _close(client, Kind.RST)
            return
        number, self.accepted = self.accepted, self.accepted + 1
        self._arriving.add(client)
        self.start(self._connect(client, number))

    async def _connect(self, client: socket.socket, number: int) -> None:
        server = socket.socket(socket.AF_INET6 if ":" in self._target[0] else socket.AF_INET)
        server.setblocking(False)
        if self.queue < QUEUE:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_QUEUE)
        try:
            await self.pass_gate()
            await self._loop.sock_connect(server, self._target)
        except BaseException as error:  # cancelled, too
            _close(client, Kind.RST)
            _close(server, Kind.RST)
            if isinstance(error, OSError):
                return
            raise
        finally:
            self._arriving.discard(client)
        connection = _Connection(self, client, server, self.plan(number))
        self._connections.add(connection)
        await connection.run()
        self._connections.discard(connection)

    async def pass_gate(self) -> None:
        """Wait while everything is swallowed."""
        await self._open.wait()

    async def _cut(self, kind: Kind) -> int:
        count = len(self._connections)
        for connection in list(self._connections):
            connection.cut(kind)
        return count

    async def _set_open(self, wanted: bool) -> None:
        if wanted:
            self._open.set()
        else:
            self._open.clear()

    async def _set_reachable(self, wanted: bool) -> None:
        self._reachable = wanted

    async def _forget(self) -> None:
        for connection in self._connections:
            connection.stalled = True

    async def _close(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()
        await self._cut(Kind.RST)
        tasks = list(self._tasks)  # this coroutine is none of them
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self._arriving:  # whose task was cancelled before it began
            _close(client, Kind.RST)


class _Connection:
    """One connection: a pump for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket, faults: Sequence[Fault]) -> None:
        self.proxy = proxy
        self.stalled = False
        self._ends = (client, server)
        self._pumps = (
            _Pump(self, client, server, Direction.UP, faults),
            _Pump(self, server, client, Direction.DOWN, faults),
        )
        self._over = asyncio.Event()
        for end in self._ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self) -> None:
        """Pass bytes until both directions have ended or the connection is cut."""
        tasks = [asyncio.create_task(step) for pump in self._pumps for step in (pump.take(), pump.give())]
        tasks.append(asyncio.create_task(self._watch(tasks)))
        try:
            await self._over.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.cut(Kind.FIN)

    async def _watch(self, pumps: list[asyncio.Task[None]]) -> None:
        await asyncio.wait(pumps[:4])
        self._over.set()

    def cut(self, kind: Kind) -> None:
        """End it, now."""
        loop = asyncio.get_running_loop()
        for end in self._ends:
            if end.fileno() >= 0:
                loop.remove_reader(end)
                loop.remove_writer(end)
                _close(end, kind)
        self._over.set()

    async def strike(self, kind: Kind) -> None:
        """Let a fault happen that is not about a byte."""
        if kind is Kind.STALL:
            self.stalled = True
        else:
            self.cut(kind)
        await asyncio.Event().wait()  # for good: this pump has done its work


class _Pump:
    """One direction of a connection."""

    def __init__(
        self,
        connection: _Connection,
        source: socket.socket,
        sink: socket.socket,
        direction: Direction,
        faults: Sequence[Fault],
    ) -> None:
        self._connection = connection
        self._proxy = connection.proxy
        self._source = source
        self._sink = sink
        self._direction = direction
        self._faults = sorted((fault for fault in faults if fault.direction is direction), key=lambda fault: fault.at)
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._queued = 0
        self._room = asyncio.Event()
        self._room.set()
        self._given = 0
        self._free = 0.0  # when the wire is free for the next byte

    async def take(self) -> None:
        """Take bytes in, with the moment when they are due."""
        loop = asyncio.get_running_loop()
        try:
            data = b"-"
            while data:
                await self._room.wait()
                data = await loop.sock_recv(self._source, min(CHUNK, self._proxy.queue))
                self._queue.put_nowait((loop.time() + self._proxy.delay, data))
                self._queued += len(data)
                self._proxy.taken[self._direction] += len(data)
                if self._queued >= self._proxy.queue:
                    self._room.clear()
        except OSError:
            await self._pass_gate()
            self._connection.cut(Kind.RST)

    async def give(self) -> None:
        """Give bytes on when they are due."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                due, data = await self._queue.get()
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                if not data:
                    await self._pass_gate()
                    self._sink.shutdown(socket.SHUT_WR)
                    return
                await self._give(data)
                self._queued -= len(data)
                if self._queued < self._proxy.queue:
                    self._room.set()
        except OSError:
            await self._pass_gate()
            self._connection.cut(Kind.RST)

    async def _give(self, data: bytes) -> None:
        rest = bytearray(data)
        while self._faults and self._faults[0].at < self._given + len(rest):
            fault = self._faults.pop(0)
            before = max(0, fault.at - self._given)
            await self._send(rest[:before])
            del rest[:before]
            if fault.kind is Kind.FLIP:
                rest[0] ^= 1 << fault.at % 8
            else:
                await self._connection.strike(fault.kind)
        await self._send(rest)

    async def _send(self, data: bytearray) -> None:
        """Send as fast as the rate allows; nothing while everything is swallowed."""
        loop = asyncio.get_running_loop()
        rate = self._proxy.rate
        step = len(data) if rate is None else max(1, int(rate / 500))
        for start in range(0, len(data), max(1, step)):
            piece = data[start : start + step]
            await self._pass_gate()
            await loop.sock_sendall(self._sink, piece)
            self._given += len(piece)
            self._proxy.passed[self._direction] += len(piece)
            if rate is not None:
                self._free = max(self._free, loop.time() - LATE) + len(piece) / rate
                await asyncio.sleep(self._free - loop.time())

    async def _pass_gate(self) -> None:
        await self._proxy.pass_gate()
        if self._connection.stalled:
            await asyncio.Event().wait()


def _close(sock: socket.socket, kind: Kind) -> None:
    if kind is Kind.RST:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # its other end has gone already
    sock.close()


def main() -> None:
    """Run as a program until stdin ends."""
    parser = argparse.ArgumentParser(description="A network that misbehaves.")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="where to pass connections on to")
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="half a round trip")
    parser.add_argument("--rate", type=float, metavar="BYTES", help="bytes a second, for each direction")
    parser.add_argument("--queue", type=float, default=QUEUE, metavar="BYTES", help="what it holds, for each direction")
    options = parser.parse_args()
    how = {"delay": options.delay, "rate": options.rate, "queue": int(options.queue)}
    with Proxy(options.to, port=options.port, **how) as proxy:
        print(f"listening on {proxy.host}", flush=True)
        for line in sys.stdin:
            _obey(proxy, line.split())


def _obey(proxy: Proxy, words: list[str]) -> None:
    if words in (["rst"], ["fin"]):
        print(proxy.cut(Kind(words[0])), "cut", flush=True)
    elif words == ["hole"]:
        proxy.hole()
    elif words == ["mend"]:
        proxy.mend()
    elif len(words) == 2 and words[0] == "delay":
        proxy.delay = float(words[1])
    elif len(words) == 2 and words[0] == "rate":
        proxy.rate = float(words[1]) or None


if __name__ == "__main__":
    main()
