"""The figures: `python -m bench [SECTION...]`. Starts both sides itself, on loopback, with files in memory."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import Candidate, compare
from bench.peers import Rsh, Ssh, find_ssh

GIB = 1024**3


class Bench:
    """Both sides, and a folder in memory."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        self.rsh = Rsh(folder / "rsh")
        self.ssh: Ssh | None = find_ssh(folder / "ssh")

    def ours(self, name: str, *words: str, before: Callable[[], None] | None = None) -> Candidate:
        """Give a candidate that is our client."""
        return Candidate(name, self.rsh.command(*words), self.rsh.environment, before)

    def stop(self) -> None:
        """End what was started."""
        self.rsh.stop()
        if self.ssh:
            self.ssh.stop()


def bench_exec(bench: Bench) -> None:
    """A command that does nothing, as a whole process."""
    candidates = [bench.ours("rsh exec H -- true", "exec", bench.rsh.host, "--", "true")]
    if bench.ssh:
        candidates.append(Candidate("ssh H true", bench.ssh.ssh("true")))
    compare("exec true, whole process", candidates, 4 * bench.runs)


def bench_output(bench: Bench) -> None:
    """One GiB of output."""
    line = "head -c 1G /dev/zero"
    candidates = [bench.ours("rsh exec H -- head -c 1G", "exec", "-n", bench.rsh.host, "--", line)]
    if bench.ssh:
        candidates.append(Candidate("ssh H head -c 1G", bench.ssh.ssh(line)))
        fast = ("-c", "aes128-gcm@openssh.com")
        candidates.append(Candidate("ssh -c aes128-gcm H head -c 1G", bench.ssh.ssh(line, options=fast)))
    compare("1 GiB of output", candidates, bench.runs)


def bench_transfer(bench: Bench) -> None:
    """One file of one GiB, there and back."""
    source, target = bench.folder / "gib", bench.folder / "copy"
    with source.open("wb") as file:
        for _ in range(GIB // (1 << 20)):
            file.write(bytes(range(256)) * 4096)

    def remove() -> None:
        target.unlink(missing_ok=True)

    host = bench.rsh.host
    put = [bench.ours("rsh put", "put", "-q", str(source), f"{host}:{target}", before=remove)]
    get = [bench.ours("rsh get", "get", "-q", f"{host}:{source}", str(target), before=remove)]
    for candidates, words in ((put, (str(source), f"127.0.0.1:{target}")), (get, (f"127.0.0.1:{source}", str(target)))):
        if bench.ssh:
            fast = ("-c", "aes128-gcm@openssh.com")
            candidates.append(Candidate("scp", bench.ssh.scp(*words), None, remove))
            candidates.append(Candidate("scp -c aes128-gcm", bench.ssh.scp(*words, options=fast), None, remove))
            if shutil.which("rsync"):
                candidates.append(Candidate("rsync -a over ssh", bench.ssh.rsync(*words), None, remove))
        candidates.append(Candidate("cp", ["cp", str(source), str(target)], None, remove))
    compare("put 1 GiB", put, bench.runs)
    compare("get 1 GiB", get, bench.runs)
    source.unlink()
    remove()


def bench_tree(bench: Bench) -> None:
    """Ten thousand files of 4 KiB, there and back."""
    source, target = bench.folder / "tree", bench.folder / "copies"
    for number in range(10_000):
        folder = source / str(number // 100)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(number)).write_bytes(number.to_bytes(4, "big") * 1024)

    def empty() -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()

    host = bench.rsh.host
    put = [bench.ours("rsh put", "put", "-q", str(source), f"{host}:{target}", before=empty)]
    get = [bench.ours("rsh get", "get", "-q", f"{host}:{source}", str(target), before=empty)]
    for candidates, words in ((put, (str(source), f"127.0.0.1:{target}")), (get, (f"127.0.0.1:{source}", str(target)))):
        if bench.ssh:
            candidates.append(Candidate("scp -r", bench.ssh.scp("-r", *words), None, empty))
            if shutil.which("rsync"):
                candidates.append(Candidate("rsync -a over ssh", bench.ssh.rsync(*words), None, empty))
        candidates.append(Candidate("cp -r", ["cp", "-r", str(source), str(target)], None, empty))
    compare("put 10,000 x 4 KiB", put, bench.runs)
    compare("get 10,000 x 4 KiB", get, bench.runs)
    shutil.rmtree(source)
    shutil.rmtree(target)


def bench_idle(bench: Bench) -> None:
    """What an idle session costs the daemon."""
    import rsh

    def memory() -> int:
        time.sleep(0.5)
        status = Path(f"/proc/{bench.rsh.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    os.environ.update({name: bench.rsh.environment[name] for name in bench.rsh.environment if name.startswith("XDG_")})
    with contextlib.ExitStack() as stack:
        warm = [stack.enter_context(rsh.connect(bench.rsh.host)) for _ in range(20)]
        before = memory()
        count = 200
        for _ in range(count):
            stack.enter_context(rsh.connect(bench.rsh.host))
        cost = (memory() - before) / count
        assert warm
    print(f"\nidle session: {cost:.0f} KiB of the daemon's memory each (mean of {count})", flush=True)


def bench_shell(bench: Bench) -> None:
    """A line of the living shell, and the time to its first prompt."""
    from rsh.client.living import LivingShell
    from rsh.client.remote import connect
    from rsh.protocol.requests import Shell, Terminal

    os.environ.update({name: bench.rsh.environment[name] for name in bench.rsh.environment if name.startswith("XDG_")})
    begun = time.perf_counter()
    with connect(bench.rsh.host) as remote:
        shell = LivingShell(remote.session.open(Shell(Terminal(80, 24))), lambda _: None)
        shell.wait_ready()
        ready = time.perf_counter() - begun
        times = []
        for _ in range(500):
            start = time.perf_counter()
            shell.start_line(b"true")
            shell.wait_ready()
            times.append(time.perf_counter() - start)
    print(f"\nliving shell: ready {ready * 1000:.0f} ms after dialling, imports not counted", flush=True)
    print(f"living shell: one round trip of `true` {statistics.median(times) * 1e6:.0f} us (median of 500)", flush=True)


SECTIONS = {
    "exec": bench_exec,
    "output": bench_output,
    "transfer": bench_transfer,
    "tree": bench_tree,
    "shell": bench_shell,
    "idle": bench_idle,
}


def main() -> None:
    """Run the sections that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="what to measure; all by default")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
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
