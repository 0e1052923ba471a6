"""The events that copies print with --json: which there are, and what each of them tells. rsh(1) explains them."""

from __future__ import annotations

from typing import Any, Final

from rsh.client.cli.json_output import failure_fields, print_object
from rsh.files.transfer.report import Report

# A path that is no UTF-8 has its bytes beside it in NAME_base64.
EVENTS: Final = {
    "file": ("path", "size"),
    "progress": (
        "bytes",
        "items",
        "total_bytes",
        "total_items",
        "rate",
        "seconds_left",
        "elapsed",
        "away",
        "retries",
    ),
    "would": ("action", "path", "size"),
    "change": ("change", "path", "origin"),
    "summary": ("files", "bytes", "skipped", "deleted", "failed", "failures"),
}


def tell(event: str, fields: dict[str, Any]) -> None:
    """Print an event."""
    print_object({"event": event} | fields)


def tell_summary(report: Report) -> None:
    """Print what came of it all."""
    failures = [failure_fields(error) for error in report.failures]
    counts = {name: getattr(report, name) for name in EVENTS["summary"]}
    tell("summary", counts | {"failures": failures})
