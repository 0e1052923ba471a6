"""The public API, against the server inside this process: the same code as the daemon's sessions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh
from rsh.errors import (
    CommandFailed,
    CommandNotStarted,
    CommandTimeout,
    DigestMismatch,
    FileError,
    LinkError,
    Refused,
    UsageError,
)
from tests.machines import alive, wait_until_gone


@pytest.fixture
def remote() -> Iterator[rsh.Remote]:
    with rsh.connect() as connected:
        yield connected


def test_command_gives_status_and_both_outputs(remote: rsh.Remote) -> None:
    done = remote.run("echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    assert done.duration > 0


def test_arguments_are_passed_unchanged(remote: rsh.Remote) -> None:
    assert remote.run(["printf", "%s|", "a b", "$x", "", b"\xff"]).stdout == b"a b|$x||\xff|"


def test_input_encoding_directory_and_variables_are_taken(remote: rsh.Remote, tmp_path: Path) -> None:
    done = remote.run("cat; pwd; echo $A", input=b"x\n", cwd=tmp_path, env={"A": "b"}, encoding="utf-8")
    assert done.stdout == f"x\n{tmp_path}\nb\n"


def test_failure_is_raised_when_checked(remote: rsh.Remote) -> None:
    with pytest.raises(CommandFailed, match="status 4") as caught:
        remote.run("echo why >&2; exit 4", check=True)
    assert (caught.value.returncode, caught.value.stderr, caught.value.exit_status) == (4, b"why\n", 4)
    with pytest.raises(CommandFailed, match="SIGKILL"):
        remote.run("kill -9 $$", check=True)


def test_timeout_keeps_what_had_come(remote: rsh.Remote) -> None:
    for seconds in (0.5, 8.0, 64.0):  # A busy machine may take longer to begin.
        with pytest.raises(CommandTimeout) as caught:
            remote.run("echo early; sleep 100", timeout=seconds)
        if caught.value.stdout:
            break
    assert caught.value.stdout == b"early\n"


def test_process_ends_with_its_with_statement(remote: rsh.Remote) -> None:
    with remote.start("echo $$; exec sleep 1000") as process:
        number = int(bytes(process.read_stdout()))
        assert alive(number)
    assert wait_until_gone(number)


def test_process_is_talked_to_while_it_runs(remote: rsh.Remote) -> None:
    process = remote.start("read x; echo got $x; kill -STOP $$; echo never")
    process.write(b"this\n")
    assert process.read_stdout() == b"got this\n"
    process.signal("KILL")
    assert process.wait() == -9


def test_threads_may_share_a_remote(remote: rsh.Remote) -> None:
    results: dict[int, bytes] = {}

    def run(number: int) -> None:
        results[number] = remote.run(f"echo {number}").stdout

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: b"%d\n" % number for number in range(20)}


def test_files_go_there_and_back(remote: rsh.Remote, tmp_path: Path) -> None:
    source, there, back = tmp_path / "source", tmp_path / "there", tmp_path / "back"
    source.mkdir()
    there.mkdir()
    (source / "file").write_bytes(b"content")
    assert remote.put(source, to=there).ok
    assert [entry.name for entry in remote.ls(there / "source")] == [b"file"]
    assert remote.get(there / "source", to=back).files == 1
    assert (back / "file").read_bytes() == b"content"


def test_failures_of_a_transfer_are_in_the_report(remote: rsh.Remote, tmp_path: Path) -> None:
    report = remote.get(tmp_path / "nothing", to=tmp_path)
    assert not report.ok
    assert [(error.error, error.path) for error in report.failures] == [("ENOENT", bytes(tmp_path / "nothing"))]


def test_a_failure_says_which_file(remote: rsh.Remote, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        list(remote.ls(tmp_path / "no\x1bthing"))
    assert str(caught.value) == f"{tmp_path}/no\\x1bthing: No such file or directory"
    assert caught.value.reason == "No such file or directory"


@pytest.mark.parametrize(
    ("command", "directory", "words", "status"),
    [
        (["no-such-program", "x"], None, "no-such-program: command not found", 127),
        (["/dev/null"], None, "/dev/null: Permission denied", 126),
        (["true"], "nowhere", "nowhere: No such file or directory", 255),
        ("true", "nowhere", "nowhere: No such file or directory", 255),
    ],
)
def test_a_command_that_cannot_be_started_says_why(
    remote: rsh.Remote, command: str | list[str], directory: str | None, words: str, status: int
) -> None:
    with pytest.raises(CommandNotStarted) as run:
        remote.run(command, cwd=directory)
    with pytest.raises(CommandNotStarted) as started:
        remote.start(command, cwd=directory).wait()
    with pytest.raises(CommandNotStarted) as fed:
        remote.run(command, cwd=directory, input=b"x" * 1_000_000)
    assert [str(each.value) for each in (run, started, fed)] == [words] * 3
    assert run.value.exit_status == status
    assert remote.run("true").returncode == 0


def test_a_command_of_no_words_is_refused_here(remote: rsh.Remote) -> None:
    with pytest.raises(UsageError, match="no words"):
        remote.run([])
    assert remote.session.describe_open() == []


def test_relative_paths_start_at_the_directory(remote: rsh.Remote, tmp_path: Path) -> None:
    remote.directory = bytes(tmp_path)
    assert remote.write("file", [b"con", b"tent"]) == 7
    assert b"".join(map(bytes, remote.read("file"))) == b"content"
    assert remote.run("cat file").stdout == b"content"
    assert [entry.name for entry in remote.ls()] == [b"file"]


def test_reading_raises_what_failed_after_the_rest(remote: rsh.Remote, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    pieces = remote.read(tmp_path / "nothing", tmp_path / "a")
    assert bytes(next(pieces)) == b"a"
    with pytest.raises(FileError, match="No such file"):
        next(pieces)


def test_nothing_is_written_when_the_content_breaks_off(remote: rsh.Remote, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    def broken() -> Iterator[bytes]:
        yield b"new"
        raise DigestMismatch("EDIGEST")

    with pytest.raises(DigestMismatch):
        remote.write(tmp_path / "file", broken())
    assert remote.run("true").returncode == 0
    assert (tmp_path / "file").read_text() == "old"


def test_small_operations_say_what_failed(remote: rsh.Remote, tmp_path: Path) -> None:
    assert remote.mkdir(tmp_path / "a") == []
    assert [error.error for error in remote.mkdir(tmp_path / "a")] == ["EEXIST"]
    assert remote.mv(tmp_path / "a", to=tmp_path / "b") == []
    assert [error.error for error in remote.rm(tmp_path / "b")] == ["EISDIR"]
    assert remote.rm(tmp_path / "b", recursive=True) == []
    assert remote.stat(tmp_path)[0].kind == "directory"
    with pytest.raises(Refused, match="unknown digest"):
        list(remote.sum(tmp_path, algorithm="nonsense"))


def test_machine_describes_itself(remote: rsh.Remote) -> None:
    machine, disks = remote.info()
    assert machine.account == remote.account
    assert machine.processors > 0
    assert disks
    assert remote.ping()[0] > 0


def test_everything_says_so_after_the_end(remote: rsh.Remote) -> None:
    remote.close()
    with pytest.raises(LinkError):
        remote.run("true")


def test_address_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        rsh.connect("-oProxyCommand=x")
    with pytest.raises(LinkError):
        rsh.connect("127.0.0.1:1")


def test_input_is_what_was_written_when_its_buffer_is_used_again(remote: rsh.Remote) -> None:
    process = remote.start("cat")
    buffer = bytearray(3)
    for letter in b"abc":
        buffer[:] = bytes([letter]) * 3
        process.write(buffer)
    process.close_stdin()
    assert b"".join(map(bytes, iter(process.read_stdout, b""))) == b"aaabbbccc"


def test_input_is_sent_whole_when_its_items_are_no_bytes(remote: rsh.Remote) -> None:
    process = remote.start("cat")
    process.write(memoryview(b"12345678").cast("I"))
    process.close_stdin()
    assert b"".join(map(bytes, iter(process.read_stdout, b""))) == b"12345678"


def test_session_goes_on_when_the_caller_makes_a_mistake(remote: rsh.Remote) -> None:
    process = remote.start("cat")
    for mistake in (lambda: process.signal("int"), lambda: process.resize(-1, 5), lambda: remote.ls("x" * 70_000)):
        with pytest.raises(UsageError):
            mistake()
    with pytest.raises(TypeError):
        process.write("text")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(TypeError):
        remote.run("cat", input="text")  # type: ignore[arg-type]  # the mistake under test
    assert remote.run("echo still here").stdout == b"still here\n"
