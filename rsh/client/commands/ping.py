"""`rsh ping`: round trips inside the session, and how far the clock over there is from ours."""

from __future__ import annotations

import time
from collections.abc import Iterator

from msgspec import Struct

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.errors import UsageError
from rsh.escape import printable


class Reply(Struct, frozen=True):
    """One round trip: its length and the offset of the clock there, in seconds."""

    number: int
    round_trip: float
    offset: float


def run_ping(context: Context, options: Options) -> int:
    """Print each round trip and what they come to; an interrupt ends it early, as with ping(8)."""
    if options.count < 1:
        raise UsageError("--count: at least 1")
    replies: list[Reply] = []
    host = printable(context.host or "this machine")
    try:
        for reply in measure(context, options.count, options.interval):
            replies.append(reply)
            if not options.json and not context.quiet:
                print_lines([reply_line(host, reply)])
                _flush()
    except KeyboardInterrupt:
        if not replies:
            raise
    if options.json:
        _print_json(host, replies)
    else:
        print_lines(summary_lines(host, replies))
    return 0


def measure(context: Context, count: int, interval: float) -> Iterator[Reply]:
    """Make round trips, `interval` seconds from one's beginning to the next one's."""
    remote = context.remote
    for number in range(1, count + 1):
        begun = time.monotonic()
        round_trip, clock_ns = remote.ping()
        yield Reply(number, round_trip, clock_ns / 1e9 - (time.time() - round_trip / 2))
        if number < count:
            time.sleep(max(0.0, begun + interval - time.monotonic()))


def reply_line(host: str, reply: Reply) -> str:
    """Give the line of one round trip."""
    return f"reply from {host}: seq={reply.number} time={_ms(reply.round_trip)} clock={reply.offset:+z.3f} s"


def summary_lines(host: str, replies: list[Reply]) -> list[str]:
    """Give what the round trips come to."""
    times = [reply.round_trip for reply in replies]
    least, average, most = min(times), sum(times) / len(times), max(times)
    return [
        f"--- {host}: {len(times)} round trips ---",
        f"min/avg/max = {least * 1000:.3f}/{average * 1000:.3f}/{most * 1000:.3f} ms",
    ]


def _print_json(host: str, replies: list[Reply]) -> None:
    from rsh.client.cli.json_output import print_object

    times = [reply.round_trip for reply in replies]
    print_object(
        {
            "host": host,
            "count": len(times),
            "min": min(times),
            "avg": sum(times) / len(times),
            "max": max(times),
            "clock_offset": replies[-1].offset,
            "replies": [{"seq": reply.number, "time": reply.round_trip} for reply in replies],
        }
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"


def _flush() -> None:
    import sys

    sys.stdout.flush()
