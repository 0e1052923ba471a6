from __future__ import annotations

import pytest

from rsh.transport.knock import busy_alert, plain_answer, sniff


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"\x16\x03\x01\x02\x00\x01", None),
        (b"\x16", None),
        (b"\x16\x03", None),
        (b"GET / HT", "http"),
        (b"GE", "http"),
        (b"OPTIONS ", "http"),
        (b"PRI * HT", "http"),
        (b"SSH-2.0-", "ssh"),
        (b"\x80\x2e\x01\x00", "other"),
        (b"\x16\x00", "other"),
        (b"EHLO me", "other"),
        (b"\x00", "other"),
    ],
)
def test_first_bytes_tell_what_somebody_speaks(first: bytes, kind: str | None) -> None:
    assert sniff(first) == kind


def test_http_gets_an_answer_that_explains_itself() -> None:
    head, _, body = plain_answer("http").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 400 this port speaks rsh")
    assert b"rsh" in body


@pytest.mark.parametrize("kind", ["ssh", "other"])
def test_others_get_one_plain_line(kind: str) -> None:
    assert plain_answer(kind).endswith(b"\r\n") and plain_answer(kind).count(b"\n") == 1


def test_busy_alert_is_one_whole_record() -> None:
    assert len(busy_alert()) == 5 + int.from_bytes(busy_alert()[3:5], "big")
