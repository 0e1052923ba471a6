from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from rsh.holder import tree


def start(line: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return child


def end(child: subprocess.Popen[bytes], others: set[tree.Process]) -> None:
    tree.signal_all(others, signal.SIGKILL)
    child.kill()
    child.communicate()


def test_process_with_a_strange_name_is_read_right() -> None:
    with subprocess.Popen(
        ["sh", "-c", "printf ') R 1 (' > /proc/self/comm; echo ready; exec sleep 60"], stdin=-1, stdout=-1
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        found = tree.look_up(child.pid)
        assert found is not None
        assert found.parent == os.getpid()
        child.kill()


def test_tree_has_children_in_sessions_of_their_own() -> None:
    child = start("setsid sleep 60 & sleep 60 & echo ready; wait")
    found = tree.members(child.pid, set())
    while len(found) < 3:
        found = tree.members(child.pid, found)
    assert {process.pid for process in found} > {child.pid}
    end(child, found)


def test_orphans_are_found_when_they_were_known() -> None:
    child = start("setsid sleep 60 & echo ready; exec sleep 60")
    known = tree.members(child.pid, set())
    while len(known) < 2 or not any(process.session != child.pid for process in known):
        known = tree.members(child.pid, known)
    child.kill()
    child.wait()
    orphans = tree.members(child.pid, known)
    assert len({process.pid for process in orphans}) == 1  # seen before and after its setsid(2), perhaps
    assert tree.members(child.pid, set()) == set()
    end(child, orphans)


def test_signal_spares_a_process_that_took_the_number() -> None:
    child = start("echo ready; exec sleep 60")
    found = tree.look_up(child.pid)
    assert found is not None
    tree.signal_all({found._replace(started=found.started - 1)}, signal.SIGKILL)
    assert child.poll() is None
    end(child, {found})


def name_of(process: tree.Process) -> str:
    """Give the name of the program that a process runs now."""
    return Path(f"/proc/{process.pid}/comm").read_text().strip()


def test_jobs_are_counted_by_their_groups() -> None:
    child = start("exec bash -c 'set -m; sleep 60 | sleep 60 & echo ready; kill -STOP $$'")
    found = tree.members(child.pid, set())
    while len(found) < 3:
        found = tree.members(child.pid, found)
    assert tree.jobs_of(child.pid) == (1, 0)
    while sorted(name_of(process) for process in found) != ["bash", "sleep", "sleep"]:
        pass  # a copy of the shell that is stopped could be what zsh makes of the rest of a line
    tree.signal_all({process for process in found if process.pid != child.pid}, signal.SIGSTOP)
    while not tree.jobs_of(child.pid)[1]:
        pass  # a signal takes its time
    assert tree.jobs_of(child.pid) == (1, 1)
    end(child, found)
    assert tree.jobs_of(child.pid) == (0, 0)


def test_what_stays_in_the_group_of_the_shell_is_no_job() -> None:
    child = start("sleep 60 & echo ready; wait")
    found = tree.members(child.pid, set())
    while len(found) < 2:
        found = tree.members(child.pid, found)
    assert tree.jobs_of(child.pid) == (0, 0)
    end(child, found)
