"""Files and trees, there and back, beside scp, rsync and cp."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

from bench.measure import Candidate, compare
from bench.stage import Bench

GIB = 1024**3


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
            verb = "put" if candidates is put else "get"
            for name in ("asyncssh", "paramiko"):
                if find_spec(name):
                    candidates.append(Candidate(name, bench.ssh.library(name, verb, source, target), None, remove))
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
            is_put = candidates is put
            candidates.append(Candidate("tar | ssh", bench.ssh.tar(source, target, put=is_put), None, empty))
            candidates.append(
                Candidate("sftp -r", bench.ssh.sftp(f"{'put' if is_put else 'get'} -r {source} {target}"), None, empty)
            )
            if shutil.which("lftp"):
                line = f"mirror {'-R ' if is_put else ''}{source} {target}"
                candidates.append(Candidate("lftp, 4 connections", bench.ssh.lftp(line), None, empty))
        candidates.append(Candidate("cp -r", ["cp", "-r", str(source), str(target)], None, empty))
    compare("put 10,000 x 4 KiB", put, bench.runs)
    compare("get 10,000 x 4 KiB", get, bench.runs)
    shutil.rmtree(source)
    shutil.rmtree(target)
