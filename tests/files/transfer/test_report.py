from __future__ import annotations

from rsh.errors import file_error
from rsh.files.transfer.report import MAX_LISTED, Report


def report_of(*errors: str) -> Report:
    report = Report()
    for error in errors:
        report.add_failure(file_error(error, b"x"))
    return report


def test_exit_status_names_the_worst() -> None:
    assert [report_of(*errors).exit_status for errors in ([], ["EIO"], ["EIO", "EDIGEST"], ["ECONFLICT"])] == [
        0,
        1,
        3,
        4,
    ]


def test_what_is_not_listed_is_counted() -> None:
    report = report_of(*["EIO"] * (MAX_LISTED + 5))
    report.merge_failures(report_of("EIO", "EIO"))
    assert (report.failed, len(report.failures), report.ok) == (MAX_LISTED + 7, MAX_LISTED, False)
