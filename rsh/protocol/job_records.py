"""The records of detached commands."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from rsh.protocol.fields import Count, Nanoseconds, Path, Seconds, Words


class Job(Struct, tag=112, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How a detached command stands."""

    id: Annotated[str, Meta(max_length=64)]
    state: Annotated[str, Meta(max_length=64)]  # running, finished, cancelled, timeout or lost
    status: Annotated[int, Meta(ge=0, le=255)]  # once it has ended
    signal: Annotated[int, Meta(ge=0, le=127)]
    begun_ns: Nanoseconds
    duration: Seconds  # so far or in all
    output: Count  # bytes that it wrote, known once it has ended
    command: tuple[Path, ...]  # cut to a length that a list can take
    shell: bool
    directory: Path
    by: Words  # comment of the key that asked for it

    @property
    def returncode(self) -> int | None:
        """Give what subprocess would: the status, or minus the signal's number; None while there is none."""
        if self.state in ("running", "lost"):
            return None
        return -self.signal if self.signal else self.status


class Output(Struct, tag=113, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a detached command wrote: `size` bytes of content follow. Where the position jumps, some were dropped."""

    stream: Annotated[int, Meta(ge=1, le=2)]  # 1 standard output, 2 standard error
    position: Count  # of its first byte, both streams counted together
    size: Count


JobRecord: TypeAlias = Job | Output
JOBS: Final[msgspec.msgpack.Decoder[JobRecord]] = msgspec.msgpack.Decoder(JobRecord)
