"""`rsh connect` without a keyboard: batches from stdin, files and -c (R33)."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.machines import SOON, Home, program


def test_lines_come_from_stdin(me: Home, host: str, tmp_path: Path) -> None:
    script = f"cd {tmp_path}\n# a comment\npwd\nfor i in 1 2\ndo echo $i\ndone\n\ncat <<E\nit's\nE\n"
    done = me.rsh("connect", host, input=script.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == f"{tmp_path}\n1\n2\nit's\n".encode()


def test_stops_at_the_first_failure_with_its_status(me: Home, host: str) -> None:
    done = me.rsh("connect", host, input=b"echo a\nsh -c 'exit 44'\necho b\n")
    assert (done.returncode, done.stdout) == (44, b"a\n")


def test_leading_minus_forgives(me: Home, host: str) -> None:
    done = me.rsh("connect", host, input=b"-false\n-:ptu\n@-put /nowhere .\necho b\n")
    assert (done.returncode, done.stdout) == (0, b"b\n")
    assert done.stderr.count(b"rsh: ") == 3


def test_wrong_line_of_ours_stops_too(me: Home, host: str) -> None:
    assert me.rsh("connect", host, input=b":ptu\necho b\n").returncode == 2


def test_outputs_stay_apart_and_uncoloured(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    done = me.rsh("connect", host, "-c", f"cd {tmp_path}; echo err >&2", "-c", "ls", "-c", "ls -d .")
    assert (done.stdout, done.stderr) == (b"dir\n.\n", b"err\n")


def test_lines_come_from_a_file(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "batch").write_bytes(b"echo \xff\nexit 6\necho no\n")
    done = me.rsh("connect", host, "-b", str(tmp_path / "batch"))
    assert (done.returncode, done.stdout) == (6, b"\xff\n")
    assert me.rsh("connect", host, "-b", str(tmp_path / "none")).returncode == 2


def test_stdin_is_not_eaten_by_what_runs(me: Home, host: str) -> None:
    assert me.rsh("connect", host, input=b"cat\necho next\n").stdout == b"next\n"


def test_files_are_copied(me: Home, host: str, tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "a b").write_text("text")
    script = f"lcd {tmp_path}/here\ncd {tmp_path}/there\nput 'a b'\nget 'a b' copy\n:rm 'a b'\n!cat copy\n"
    done = me.rsh("connect", host, input=script.encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"text", b"")
    assert list((tmp_path / "there").iterdir()) == []


def test_this_machine_needs_no_daemon(home: Home) -> None:
    done = home.rsh("connect", "-c", "echo $((6 * 7))")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"42\n", b"")


def test_nothing_is_run_when_nobody_answers(home: Home) -> None:
    done = home.rsh("connect", "127.0.0.1:1", input=b"!echo ran\n")
    assert done.returncode == 255
    assert done.stdout == b""
    assert done.stderr.startswith(b"rsh: connect: ")


def test_nothing_is_run_when_the_key_is_unknown(host: str, tmp_path: Path) -> None:
    stranger = Home(tmp_path / "stranger")
    done = stranger.rsh("connect", host, input=b"!echo ran\n")
    assert (done.returncode, done.stdout) == (255, b"")


def test_dies_quietly_when_nobody_reads(me: Home, host: str) -> None:
    child = me.spawn("connect", host, "-c", "yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    assert child.stdout.readline() == b"y\n"
    child.stdout.close()
    assert child.wait(SOON) in (-13, 141)
    assert child.stderr.read() == b""
    child.stderr.close()


def test_batch_goes_on_behind_a_failure_when_it_is_told_to(me: Home, host: str) -> None:
    lines = b"echo a\nsh -c 'exit 44'\n:ptu\necho b\n"
    done = me.rsh("connect", host, "--keep-going", input=lines)
    assert (done.returncode, done.stdout) == (44, b"a\nb\n")
    assert me.rsh("connect", host, input=b":set stop off\n" + lines).stdout == b"a\nb\n"


def test_rc_file_runs_first_unless_it_is_passed_over(home: Home) -> None:
    (home.folder / "config" / "rsh").mkdir(mode=0o700)
    (home.folder / "config" / "rsh" / "rc").write_text("echo rc\nfalse\n!echo here\n")
    assert home.rsh("connect", "-c", "echo line").stdout == b"rc\nhere\nline\n"
    assert home.rsh("connect", "-X", "-c", "echo line").stdout == b"line\n"


def test_wrong_setting_of_the_configuration_is_told_and_the_rest_works(home: Home) -> None:
    (home.folder / "config" / "rsh").mkdir(mode=0o700)
    (home.folder / "config" / "rsh" / "config.toml").write_text("[prompt]\nkeys = 'nano'\n")
    done = home.rsh("connect", "-c", "echo line")
    assert (done.returncode, done.stdout) == (0, b"line\n")
    assert b"rsh: connect: keys: 'nano' is none of emacs, vi" in done.stderr


def test_closed_stdin_is_an_empty_batch_and_one_that_cannot_be_read_is_told(
    me: Home, host: str, tmp_path: Path
) -> None:
    script = ["sh", "-c", 'exec "$@" <&-', "sh", *program("rsh"), "connect", host]
    done = subprocess.run(script, env=me.environment, capture_output=True, timeout=SOON, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    with (tmp_path / "out").open("wb") as file:
        done = me.rsh("connect", host, stdin=file)
    assert (done.returncode, done.stderr) == (2, b"rsh: connect: stdin: Bad file descriptor\n")
