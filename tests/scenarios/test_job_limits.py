"""Detached commands within bounds: of their output, of their number, of the disk, of time, and of what a key may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.machines import Daemon, Home
from tests.scenarios.test_jobs import detach, folder_of
from tests.scenarios.test_trust import introduce


def test_newest_output_is_kept_within_the_limit(home: Home) -> None:
    with Daemon(home, "--job-output", "1M") as daemon:
        name = detach(home, daemon.host, "--", "seq 1000000; echo last >&2")
        assert home.rsh("wait", daemon.host, name).returncode == 0
        logs = [path for path in folder_of(home, name).iterdir() if path.name.startswith("output.")]
        assert sum(path.stat().st_size for path in logs) <= 1 << 20
        done = home.rsh("logs", daemon.host, name)
        whole = b"".join(b"%d\n" % number for number in range(1, 1000001))
        assert whole.endswith(done.stdout)
        assert len(done.stdout) > 700_000
        assert done.stderr == b"rsh: logs: %d bytes are no longer kept\nlast\n" % (len(whole) - len(done.stdout))


@pytest.mark.parametrize("follow", [(), ("-f",)])
def test_output_that_is_missing_at_the_end_is_told_of(home: Home, daemon: Daemon, follow: tuple[str, ...]) -> None:
    name = detach(home, daemon.host, "--", "echo nine char")
    assert home.rsh("wait", daemon.host, name).returncode == 0
    for path in folder_of(home, name).glob("output.*"):
        path.unlink()
    done = home.rsh("logs", *follow, daemon.host, name)
    assert (done.stdout, done.stderr) == (b"", b"rsh: logs: 10 bytes are no longer kept\n")


def test_oldest_are_forgotten_when_there_are_too_many(home: Home) -> None:
    with Daemon(home, "--max-jobs", "2") as daemon:
        first, second = (detach(home, daemon.host, "--", f"exec sleep {1000 + number}") for number in range(2))
        done = home.rsh("exec", "--detach", daemon.host, "--", "true")
        assert done.returncode == 255
        assert b"limit" in done.stderr
        home.rsh("cancel", daemon.host, first)
        third = detach(home, daemon.host, "--", "true")
        found = [json.loads(line)["id"] for line in home.rsh("jobs", "--json", daemon.host).stdout.splitlines()]
        assert found == [second, third]
        home.rsh("cancel", daemon.host, second)


def test_disk_of_all_jobs_is_limited(home: Home) -> None:
    with Daemon(home, "--job-output", "4M", "--job-disk", "8M") as daemon:
        names = [detach(home, daemon.host, "--", "exec sleep 1000") for _ in range(2)]
        assert home.rsh("exec", "--detach", daemon.host, "--", "true").returncode == 255
        for name in names:
            home.rsh("cancel", daemon.host, name)


def test_jobs_that_are_over_are_forgotten_after_a_time(home: Home) -> None:
    with Daemon(home, "--job-ttl", "0") as daemon:
        running = detach(home, daemon.host, "--", "exec sleep 1000")
        home.rsh("wait", daemon.host, detach(home, daemon.host, "--", "true"))
        found = [json.loads(line)["id"] for line in home.rsh("jobs", "--json", daemon.host).stdout.splitlines()]
        assert found == [running]
        home.rsh("cancel", daemon.host, running)


@pytest.mark.parametrize("restriction", ["no-shell", "read-only"])
def test_limited_keys_are_refused(home: Home, daemon: Daemon, tmp_path: Path, restriction: str) -> None:
    stranger = Home(tmp_path / "stranger")
    introduce(stranger, daemon)
    line = stranger.rsh("key").stdout.decode()
    assert home.server_command("authorize", f"{restriction} {line}").returncode == 0
    mine = detach(home, daemon.host, "--", "echo mine")
    for words in (("exec", "-d", daemon.host, "--", "true"), ("jobs", daemon.host), *_about(daemon.host, mine)):
        done = stranger.rsh(*words)
        assert (done.returncode, done.stdout) == (255, b""), words
        assert b"may not run commands" in done.stderr


def _about(host: str, name: str) -> list[tuple[str, ...]]:
    return [(verb, host, name) for verb in ("logs", "wait", "cancel")]
