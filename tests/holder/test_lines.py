"""Lines of several clients, one at a time."""

from __future__ import annotations

from rsh.holder.client import Client
from rsh.holder.lines import Line, Lines


def test_lines_wait_for_the_one_that_runs() -> None:
    lines, ann, bob = Lines(), Client(), Client()
    lines.add(Line(ann, 1, b"first"))
    lines.add(Line(bob, 1, b"second"))
    assert lines.next() is None  # The shell's own beginning is not over.
    assert lines.end(0, 0, b"/") is not None
    first = lines.next()
    assert first is not None
    assert (first.client, lines.size) == (ann, len(b"second"))
    report = lines.end(5, 3, b"/tmp")
    assert report is not None
    assert (report.sequence, report.line.client, report.status) == (2, ann, 3)
    second = lines.next()
    assert second is not None
    assert second.client is bob


def test_report_without_a_line_is_nobodys() -> None:
    lines = Lines()
    assert lines.end(0, 0, b"/") is not None
    assert lines.end(0, 0, b"/") is None
    assert lines.count == 1
