"""The daemon's command line: what is wrong with it is said in one line."""

from __future__ import annotations

import subprocess

import pytest

from tests.machines import SOON, Home, program


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--bind"], "argument --bind: expected one argument"),
        (["--max-shells", "0"], "argument --max-shells: '0' is no number from 1 up"),
        (["--linger", "\x1b[31m"], "argument --linger: '\\x1b[31m' is no number of seconds"),
        (["url", "--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_words_are_told_in_one_line(home: Home, words: list[str], told: str) -> None:
    done = home.server_command(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"rsh-server: {told}\ntry 'rsh-server --help'\n"


@pytest.mark.parametrize("words", [["url", "here"], ["--bind", "127.0.0.1:0"]])
def test_output_that_nobody_takes_is_an_error(home: Home, words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        command = [*program("rsh-server"), "--log-level", "error", *words]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, timeout=SOON, env=home.environment, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"rsh-server: write error: No space left on device\n")
    assert not list((home.folder / "run").rglob("*.sock"))


def test_what_is_no_text_is_no_key(home: Home) -> None:
    done = home.server_command("authorize", input=b"\xff\xfe\0\n")
    assert (done.returncode, done.stderr.startswith(b"rsh-server: not a key")) == (2, True)


def test_no_input_at_all_is_no_key(home: Home) -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *program("rsh-server"), "authorize"]
    done = subprocess.run(command, capture_output=True, timeout=SOON, env=home.environment, check=False)
    assert (done.returncode, done.stderr.startswith(b"rsh-server: no key given\n")) == (2, True)
