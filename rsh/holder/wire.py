"""What daemons and a holder say to each other: messages of one byte kind, four bytes length, and payload.

Numbers are in network order. To the holder; before ATTACH only ASK, COMPLETE and END are heard:

    RUN      u64 number of the line among this client's, u64 bytes of input that are not for it, u32 bytes of what was
             typed ahead for it, and has been shown; those, then the line
    INPUT    what was typed; at most MAX_INPUT bytes that were not TAKEN
    RESIZE   u16 columns, u16 rows
    SIGNAL   u8 number
    ATTACH   16 bytes token of the client, u64 offset, u64 tail, u64 seen, u16 columns, u16 rows,
             u8 flags, then who it is
    SEEN     u64 offset up to which the client has taken output
    LEAVE    goes, and does not come back: nothing is kept for it
    ASK      who are you?
    END      end the shell
    COMPLETE kind, NUL, the text that is to be completed
    AWAY     u8 whether the client has lost its connection to whoever speaks for it, and may come back

From it:

    OUTPUT   u64 offset of the first byte, then the bytes; an offset beyond the last one tells of a gap
    REPORT   u64 sequence, u64 offset, u64 number of the line if it was this client's, else 0; u8 status; u64 bytes of
             this client's input that had come; u32 how many of them no program has read; directory, and those
    ECHO     u8 whether what is typed is shown
    ENDED    u64 offset, u8 status, u8 signal
    ATTACHED u64 offset that its output begins at, u64 end of what there is, u64 number of its last line that was taken,
             u64 bytes of its input that were taken, u64 sequence of the last report, u8 whether a line runs
    STARTED  u64 sequence of its report to be, u64 offset, then who, NUL, the line: another client's line begins
    TAKEN    u64 bytes of its input that were taken: told now and then, when little of it waits
    INFO     fields, each ended by NUL: see INFO_FIELDS
    NOTICE   words: another client has come, or gone
    GONE     words: why this one has to go
    JOBS     u16 how many jobs the shell has, running and stopped; told when that has changed
    ANSWER   u8 whether the shell was free to answer, then what bash/complete says
"""

import socket
import struct
from collections.abc import Iterator

HEAD = struct.Struct(">BI")

# To the holder.
RUN, INPUT, RESIZE, SIGNAL, ATTACH, SEEN, LEAVE, ASK, END, COMPLETE, AWAY = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11

# From it.
OUTPUT, REPORT, ECHO, ENDED, ATTACHED, STARTED, TAKEN, INFO, NOTICE, GONE, ANSWER, JOBS = (
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
)

NUMBER = struct.Struct(">Q")
JOBS_BODY = struct.Struct(">H")
ATTACH_HEAD = struct.Struct(">16sQQQHHB")
ATTACHED_BODY = struct.Struct(">QQQQQB")
RUN_HEAD = struct.Struct(">QQI")
REPORT_HEAD = struct.Struct(">QQQBQI")
STARTED_HEAD = struct.Struct(">QQ")
ENDED_BODY = struct.Struct(">QBB")

# Flags of ATTACH.
READ_ONLY, STEAL, REDRAW, LATEST = 1, 2, 4, 8

# The answer to ASK. Times are seconds since 1970; `attached` is empty or who is, one a line.
INFO_FIELDS = ("identity", "name", "owner", "since", "last_seen", "running", "attached", "key", "stopped", "jobs")

# The longest that is listened to: a line, with room for its number. Before ATTACH much less.
MAX_MESSAGE = 8 * 1024 * 1024 + 4096
MAX_FIRST = 4096

# Input that a client may send before it has heard that it was taken.
MAX_INPUT = 4 * 1024 * 1024

READ_SIZE = 64 * 1024

# What the kernel may hold for one peer: a message of output and the next one, where the system allows that (socket(7)).
SEND_BUFFER = 512 * 1024

# What may wait for one peer beside output; who takes less than it is told has to go.
MAX_WAITING = 1024 * 1024


class Peer:
    """One connection to a holder, which never waits for it.

    Attributes:
        waiting: messages for it.
        hung_up: it has gone, or has to.
        limit: the longest message that it may send.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.waiting = bytearray()
        self.hung_up = False
        self.limit = MAX_FIRST
        self._sock = sock
        self._arriving = bytearray()  # a message from it, in part
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def fileno(self) -> int:
        """Give the descriptor to wait for."""
        return self._sock.fileno()

    @property
    def arrived(self) -> bool:
        """Whether a message, or a part of one, has been received and not been heard."""
        return bool(self._arriving)

    def close(self) -> None:
        """Hang up."""
        self.hung_up = True
        self._sock.close()

    def say(self, kind: int, *parts: "bytes | memoryview") -> None:
        """Queue a message, the parts joined, and send what goes at once."""
        self.waiting += HEAD.pack(kind, sum(map(len, parts)))
        for part in parts:
            self.waiting += part
        self.flush()
        self.hung_up |= len(self.waiting) > MAX_WAITING

    def flush(self) -> None:
        """Send what it takes without waiting."""
        while self.waiting:
            try:
                del self.waiting[: self._sock.send(self.waiting)]
            except BlockingIOError:
                return
            except OSError:
                self.hung_up = True
                return

    def hear(self) -> "Iterator[tuple[int, bytes]]":
        """Give the messages that have arrived whole."""
        try:
            data = self._sock.recv(READ_SIZE)
            self.hung_up |= not data
            self._arriving += data
        except BlockingIOError:
            pass  # There may be messages from before, when it had not attached yet.
        except OSError:
            self.hung_up = True
        while len(self._arriving) >= HEAD.size:
            kind, length = HEAD.unpack_from(self._arriving)
            if length > self.limit:
                self.hung_up = True
                return
            if len(self._arriving) < HEAD.size + length:
                return
            payload = bytes(self._arriving[HEAD.size : HEAD.size + length])
            del self._arriving[: HEAD.size + length]
            yield kind, payload
