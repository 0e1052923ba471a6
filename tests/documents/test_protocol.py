"""rsh-protocol(7) against the structs, constants and tables of the code, in both directions."""

from __future__ import annotations

import re
import typing
from typing import Any

import msgspec.inspect as inspection
import pytest
from msgspec import NODEFAULT

from rsh.client.editor.names import MANY
from rsh.errors import OUR_ERRORS, Code
from rsh.files.stream.stream import MAX_ELEMENT, RECORD
from rsh.protocol import (
    answer_records,
    any_record,
    channel,
    frames,
    job_records,
    link,
    messages,
    outbox,
    receipt,
    replay,
    requests,
    shell_records,
    states,
    sync_records,
    transfer_records,
    window,
)
from rsh.server.asked import MAX_LINE
from rsh.server.completing import MAX_CANDIDATES
from rsh.server.hosting import WAITING
from rsh.server.options import Options
from rsh.server.services import TURN_PATIENCE
from rsh.transport.contexts import ALPN
from tests.documents.mdoc import plain, rows, section, sections

PAGE = "rsh-protocol.7"
RECORDS = sections(section(PAGE, "RECORD STREAMS"), ".Ss ")
TRANSFERS = (transfer_records.TransferRecord, transfer_records.ResultRecord)


def beside(union: object) -> set[type]:
    """Give the structs of a union that are no part of transfers."""
    return set(typing.get_args(union)).difference(*map(typing.get_args, TRANSFERS))


GROUPS = {
    "link messages": (section(PAGE, "LINK MESSAGES"), set(typing.get_args(messages.LinkMessage))),
    "channel messages": (section(PAGE, "CHANNEL MESSAGES"), set(typing.get_args(messages.ChannelMessage))),
    "requests": (section(PAGE, "REQUESTS"), set(typing.get_args(requests.Request)) | {requests.Terminal}),
    "transfer": (RECORDS["Transfer: sender to receiver"], set(typing.get_args(transfer_records.TransferRecord))),
    "results": (RECORDS["Transfer: receiver to sender"], set(typing.get_args(transfer_records.ResultRecord))),
    "answers": (
        RECORDS["Answers"],
        set(typing.get_args(answer_records.AnswerRecord)).difference(*map(typing.get_args, TRANSFERS)),
    ),
    "manifest": (RECORDS["Sync: target to source, lane 1"], {sync_records.Known, sync_records.Other}),
    "sync": (RECORDS["Sync: source to target"], beside(sync_records.SyncRecord)),
    "sync results": (RECORDS["Sync: target to source"], beside(sync_records.SyncResultRecord)),
    "shell": (RECORDS["Shell"], set(typing.get_args(shell_records.ShellRecord))),
    "batch": (RECORDS["Batch"], set(typing.get_args(shell_records.BatchRecord))),
    "jobs": (RECORDS["Detached commands"], set(typing.get_args(job_records.JobRecord))),
}
assert {struct for _, structs in GROUPS.values() for struct in structs} >= set(typing.get_args(any_record.Record))
NAMED = {meaning: name for name, meaning in rows(section(PAGE, "ENCODING"))}


def documented(lines: list[str]) -> dict[str, tuple[int | None, list[tuple[str, str]]]]:
    """Give number and fields, each with its type, of every struct that some lines describe."""
    found: dict[str, tuple[int | None, list[tuple[str, str]]]] = {}
    fields: list[tuple[str, str]] = []
    for line in lines:
        if head := re.fullmatch(r"\.It Sy (\w+)(?: No = (\d+))?", line):
            fields = []
            found[head[1]] = (int(head[2]) if head[2] else None, fields)
        elif line.startswith(".It Va "):
            name, kind = (plain(cell) for cell in line.removeprefix(".It ").split(" Ta ")[:2])
            fields.append((name, kind))
    return found


def coded(struct: type) -> tuple[int | None, list[tuple[str, str]]]:
    """Give the same of a struct."""
    info = inspection.type_info(struct)
    assert isinstance(info, inspection.StructType)
    assert info.tag is None or isinstance(info.tag, int)
    return info.tag, [(field.name, kind_of(field.type) + default_of(field)) for field in info.fields]


def kind_of(found: inspection.Type) -> str:
    """Name a type as the page does."""
    words = described(found)
    return NAMED.get(words, words)


def described(found: Any) -> str:
    """Describe a type."""
    if isinstance(found, inspection.IntType):
        return whole_number(found)
    if isinstance(found, inspection.StrType):
        limit = "" if found.max_length is None else f" up to {found.max_length}"
        return f"str{limit}" + (f" matching {found.pattern.removesuffix(chr(92) + 'Z')}$" if found.pattern else "")
    if isinstance(found, inspection.BytesType):
        return byte_string(found)
    if isinstance(found, inspection.VarTupleType):
        limit = "" if found.max_length is None else f", up to {found.max_length}"
        return f"array of {kind_of(found.item_type)}{limit}"
    if isinstance(found, inspection.TupleType):
        return "array of " + ", ".join(map(kind_of, found.item_types))
    if isinstance(found, inspection.DictType):
        return f"map of {kind_of(found.key_type)} to {kind_of(found.value_type)}"
    if isinstance(found, inspection.UnionType):
        return union(found)
    if isinstance(found, inspection.StructType):
        return found.cls.__name__
    simple: dict[type, str] = {inspection.BoolType: "bool", inspection.FloatType: "float", inspection.NoneType: "nil"}
    return simple[type(found)]


def whole_number(found: inspection.IntType) -> str:
    low = found.ge if found.gt is None else found.gt + 1
    high = found.le if found.lt is None else found.lt - 1
    if low is None:
        return "int"
    return f"int {power(low)} to {power(high)}" if high is not None else f"int from {power(low)}"


def power(number: int) -> str:
    for exponent in (31, 32, 62, 63):
        if abs(number) == 2**exponent:
            return f"{'-' if number < 0 else ''}2^{exponent}"
        if number == 2**exponent - 1:
            return f"2^{exponent}-1"
    return str(number)


def byte_string(found: inspection.BytesType) -> str:
    low, high = found.min_length, found.max_length
    if low is not None:
        return f"bytes of {low}" if low == high else f"bytes {low} to {high}"
    return "bytes" if high is None else f"bytes up to {high}"


def union(found: inspection.UnionType) -> str:
    members = {member.cls for member in found.types if isinstance(member, inspection.StructType)}
    if members == set(typing.get_args(requests.Request)):
        return "request"
    return " or ".join(sorted(map(kind_of, found.types), key=lambda word: word == "nil"))


def default_of(field: inspection.Field) -> str:
    if field.required:
        return ""
    value = field.default if field.default is not NODEFAULT else field.default_factory()
    if isinstance(value, bytes | str):
        return f' = "{value if isinstance(value, str) else value.decode()}"'
    if value == ():
        return " = []"
    return " = nil" if value is None else f" = {str(value).lower()}"


@pytest.mark.parametrize("group", GROUPS)
def test_messages_are_those_of_the_code_with_numbers_fields_and_types(group: str) -> None:
    lines, structs = GROUPS[group]
    assert documented(lines) == {struct.__name__: coded(struct) for struct in structs}


def test_the_header_is_that_of_the_code() -> None:
    table = [row for row in rows(sections(section(PAGE, "FRAMES"), ".Ss ")[""]) if row[0].isdigit()]
    assert [name for _, _, name, _ in table] == ["kind", "flags", "channel", "length"]
    offsets = [int(offset) for offset, *_ in table]
    sizes = [int(size) for _, size, *_ in table]
    assert offsets == [sum(sizes[:index]) for index in range(4)]
    assert sum(sizes) == frames.HEADER.size
    letters = "".join({1: "B", 4: "I"}[size] for size in sizes)
    assert frames.HEADER.format == ">" + letters


def test_kinds_and_flags_are_those_of_the_code() -> None:
    parts = sections(section(PAGE, "FRAMES"), ".Ss ")
    kinds = {row[0]: int(row[1]) for row in rows(parts["Kinds"])[1:]}
    assert kinds == {kind.name: kind.value for kind in frames.Kind}
    bits = {row[0]: int(row[1], 16) for row in rows(parts["Flags of a DATA frame"])[1:]}
    assert bits == {name: flag.value for name, flag in frames.Flags.__members__.items()}


def test_codes_are_those_of_the_code() -> None:
    table = {row[0]: int(row[1]) for row in rows(section(PAGE, "CODES"))[1:]}
    assert table == {code.name: code.value for code in Code}


def test_error_names_are_those_of_the_code() -> None:
    assert {row[0]: row[1] for row in rows(section(PAGE, "ERROR NAMES"))} == OUR_ERRORS


def test_numbers_of_flow_control_are_those_of_the_code() -> None:
    table = {row[0]: int(row[1]) for row in rows(section(PAGE, "FLOW CONTROL"))[1:]}
    modules = (window, link, receipt, outbox, replay, channel)
    assert table == {name: next(vars(each)[name] for each in modules if name in vars(each)) for name in table}
    assert set(table) >= {name for name in vars(window) if name.isupper()}


@pytest.mark.parametrize(("title", "table"), [("CHANNELS", states.CHANNEL), ("RESUME", states.LINK)])
def test_states_are_those_of_the_code(title: str, table: Any) -> None:
    heading = {"CHANNELS": "States of one end", "RESUME": "States of a link"}[title]
    head, *body = rows(sections(section(PAGE, title), ".Ss ")[heading])
    found = {
        (row[0], step): after for row in body for step, after in zip(head[1:], row[1:], strict=True) if after != "-"
    }
    coded = {(s.value, step.value): after.value for s, steps in table.items() for step, after in steps.items()}
    assert found == coded


def test_sizes_and_times_in_the_text_are_those_of_the_code() -> None:
    text = {title: " ".join(lines) for title, lines in sections(section(PAGE, "FRAMES"), ".Ss ").items()}[""]
    assert f"header of {frames.HEADER.size} bytes" in text
    assert f"at most {frames.MAX_PAYLOAD} bytes" in text
    assert f"at most {frames.MAX_GREETING}." in text
    streams = " ".join(RECORDS[""])
    assert f"1 to {MAX_ELEMENT} bytes" in streams
    assert f"0x{RECORD:x}" in streams
    assert f"at most {transfer_records.MAX_PACKED} bytes" in " ".join(GROUPS["transfer"][0])
    assert f"{Options().handshake:g} seconds" in " ".join(section(PAGE, "GREETING"))
    assert f"waits {TURN_PATIENCE:g} seconds" in " ".join(section(PAGE, "LIMITS"))
    assert WAITING == 4 and "four times as many channels" in " ".join(section(PAGE, "LIMITS"))
    assert f"at most {MAX_CANDIDATES} Candidate" in " ".join(section(PAGE, "REQUESTS"))
    assert MANY == MAX_CANDIDATES
    assert f"at most {MAX_LINE}." in " ".join(GROUPS["shell"][0])


def test_version_and_alpn_are_those_of_the_code() -> None:
    assert f"version {messages.VERSION}." in " ".join(section(PAGE, "DESCRIPTION"))
    assert f".Qq {ALPN} ;" in section(PAGE, "TRANSPORT")
