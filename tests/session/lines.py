"""A server behind socket pairs that a client dials again and again, and that can be cut at any moment."""

from __future__ import annotations

import socket
import threading

from rsh.errors import Code, LinkError, Refused
from rsh.protocol.frames import Decoder
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Welcome
from rsh.session import greeting
from rsh.session.conversation import Service
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import SocketStream, Stream
from tests.machines import SOON
from tests.session.pairs import while_wanted

WELCOME = Welcome(VERSION, "rsh test", "ann", "box", b"/")


class Exchange:
    """Takes calls, and keeps the one session that they are about.

    Attributes:
        server: the session, once the first call was answered.
        calls: how many there were.
        reachable: False has calls fail.
        mute: True has nobody answer the calls that come.
    """

    def __init__(self, serve: Service) -> None:
        self.server: Session | None = None
        self.calls = 0
        self.reachable = True
        self.mute = False
        self._serve = while_wanted(serve)
        self._ends: list[Stream] = []

    def dial(self, deadline: Deadline) -> Stream:
        """Call, as a client does."""
        self.calls += 1
        if not self.reachable:
            raise LinkError("nobody is there")
        near, far = socket.socketpair()
        stream = SocketStream(near, "client")
        self._ends.append(stream)
        threading.Thread(target=self._answer, args=(SocketStream(far, "server"),), daemon=True).start()
        return stream

    def cut(self) -> None:
        """Cut the call that goes on."""
        while self._ends:
            self._ends.pop().close()

    def _answer(self, stream: Stream) -> None:
        if self.mute:
            self._ends.append(stream)
            return
        decoder = Decoder()
        try:
            hello = greeting.read_hello(stream, decoder, Deadline(SOON))
            if self.server is None:
                link = Link(Role.SERVER, hello.session)
                link.welcome(hello, WELCOME)
                self.server = Session(link, name="server", serve=self._serve, survives=True)
                self.server.attach(stream)
            else:
                self.server.resume(stream, hello, WELCOME)
        except Refused as error:
            greeting.refuse(stream, Code(error.code), str(error))
        except LinkError:
            stream.close()  # it was cut before its Hello
        else:
            self.server.run(stream, decoder)
