"""One command: a whole process that does nothing, and one that prints a lot."""

from __future__ import annotations

import subprocess

from bench.measure import Candidate, compare
from bench.stage import Bench


def bench_exec(bench: Bench) -> None:
    """A command that does nothing, as a whole process."""
    words = (bench.rsh.host, "--", "true")
    candidates = [
        bench.ours("rsh exec H -- true", "exec", "--mux", "never", *words),
        bench.ours("rsh exec --mux auto H -- true", "exec", "--mux", "auto", *words),
    ]
    if bench.ssh:
        candidates.append(Candidate("ssh H true", bench.ssh.ssh("true")))
        socket = ("-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", f"ControlPath={bench.folder}/control")
        candidates.append(Candidate("ssh with ControlMaster H true", bench.ssh.ssh("true", options=socket)))
    compare("exec true, whole process", candidates, 4 * bench.runs)
    subprocess.run(bench.rsh.command("mux", "--stop"), env=bench.rsh.environment, check=True)
    if bench.ssh:
        leave = bench.ssh.ssh("true", options=("-O", "exit", *socket))
        subprocess.run(leave, stderr=subprocess.DEVNULL, check=False)


def bench_output(bench: Bench) -> None:
    """One GiB of output."""
    line = "head -c 1G /dev/zero"
    candidates = [bench.ours("rsh exec H -- head -c 1G", "exec", "-n", bench.rsh.host, "--", line)]
    if bench.ssh:
        candidates.append(Candidate("ssh H head -c 1G", bench.ssh.ssh(line)))
        fast = ("-c", "aes128-gcm@openssh.com")
        candidates.append(Candidate("ssh -c aes128-gcm H head -c 1G", bench.ssh.ssh(line, options=fast)))
    compare("1 GiB of output", candidates, bench.runs)
