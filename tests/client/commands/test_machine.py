from __future__ import annotations

from rsh.client.commands.machine import df_lines, machine_facts, machine_fields
from rsh.protocol.answer_records import Machine, Space

DISK = Space(b"/", b"/dev/vda1", b"/", "ext4", 100 * 2**20, 60 * 2**20 + 1, 30 * 2**20, 10, 5)
EMPTY = Space(b"/proc", b"proc", b"/pro\x1bc", "proc", 0, 0, 0, 0, 0)


def test_df_is_the_table_of_df() -> None:
    assert df_lines([DISK, EMPTY], human=0) == [
        "Filesystem 1K-blocks  Used Available Use% Mounted on",
        "/dev/vda1     102400 61441     30720  67% /",
        "proc               0     0         0    - /pro\\x1bc",
    ]


def test_df_in_words() -> None:
    assert df_lines([DISK], human=1024)[1] == "/dev/vda1  100M  61M   30M  67% /"


def test_what_a_machine_says_of_itself_is_escaped() -> None:
    machine = Machine(
        system="\x1b]0;own\x07",
        kernel="Linux 6",
        distribution="Debian",
        software="rsh 1",
        python="3.11",
        account="ann",
        uid=1000,
        home=b"/home/\xff",
        shell=b"/bin/sh",
        clock_ns=1_700_000_000 * 10**9,
        uptime=100.0,
        load=(0.0, 0.5, 1.25),
        processors=4,
        memory=2**33,
        memory_available=2**32,
    )
    facts = dict(machine_facts(machine, -0.25))
    assert all(value.isprintable() for value in facts.values())
    assert "(-0.250 s from ours)" in facts["clock"]
    assert facts["load"] == "0.00 0.50 1.25 on 4 processors"
    fields = machine_fields(machine, [DISK])
    assert fields["disks"][0]["size"] == 100 * 2**20
    assert fields["home_base64"]
