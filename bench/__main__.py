"""The figures: `python -m bench [SECTION...]`. Starts both sides itself, on loopback, with files in memory."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from bench.commands import bench_exec, bench_output
from bench.distance import bench_distance
from bench.idle import bench_idle
from bench.links import bench_compression
from bench.memory import bench_memory
from bench.prompt import bench_echo, bench_flood, bench_prompt
from bench.resume import bench_resume
from bench.shell import bench_shell
from bench.stage import Bench
from bench.sync import bench_sync
from bench.transfers import bench_transfer, bench_tree
from bench.typing import bench_typing

SECTIONS = {
    "exec": bench_exec,
    "output": bench_output,
    "transfer": bench_transfer,
    "tree": bench_tree,
    "distance": bench_distance,
    "shell": bench_shell,
    "prompt": bench_prompt,
    "echo": bench_echo,
    "flood": bench_flood,
    "idle": bench_idle,
    "typing": bench_typing,
    "resume": bench_resume,
    "sync": bench_sync,
    "memory": bench_memory,
    "compression": bench_compression,
}


def main() -> None:
    """Run the sections that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="what to measure; all by default")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # what was made for it is removed then
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        bench = Bench(Path(folder), options.runs)
        try:
            for name in options.sections or SECTIONS:
                SECTIONS[name](bench)
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
