"""Completion of the arguments of our own commands (R20)."""

from __future__ import annotations

import pytest

from tests.client.editor.fixed_names import completed


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("put lo", ["put local.txt "]),
        ("put s", ["put src/"]),
        ("put local.txt rem", ["put local.txt remote.txt "]),
        ("put local.txt sr", ["put local.txt src/"]),
        ("put -t log lo", ["put -t log local.txt "]),
        ("put -t lo", ["put -t log/", "put -t logs/"]),
        ("get rem", ["get remote.txt "]),
        ("get remote.txt lo", ["get remote.txt local.txt "]),
        (":get rem", [":get remote.txt "]),
        (":g rem", [":g remote.txt "]),
        ("ls lo", ["ls log/", "ls logs/", "ls lo\\ g "]),
        ("lcd s", ["lcd src/"]),
        ("lcd lo", []),
        ("lcd src ", []),
        ("lls -l lo", ["lls -l local.txt "]),
        ("help pu", ["help put "]),
        (":sum -a sh", [":sum -a sha256 "]),
        ("ls --hu", ["ls --human-readable "]),
        ("ls -- --hu", []),
        ("put --on-conflict=sk", ["put --on-conflict=skip "]),
        (":sync s", [":sync src/"]),
        (":sync src :rem", [":sync src :remote.txt "]),
        (":sync :lo", [":sync :log/", ":sync :logs/", ":sync :lo\\ g "]),
        (":wait ", [":wait 1 ", ":wait 12 "]),
        (":kill 12 wor", [":kill 12 work ", ":kill 12 world "]),
        (":attach wor", [":attach work ", ":attach world "]),
    ],
)
def test_arguments_of_our_commands(text: str, lines: list[str]) -> None:
    assert completed(text) == lines
