"""Every record there is."""

from __future__ import annotations

from typing import TypeAlias

from rsh.protocol.answer_records import AnswerRecord
from rsh.protocol.job_records import JobRecord
from rsh.protocol.shell_records import BatchRecord, ShellRecord
from rsh.protocol.sync_records import ManifestRecord, SyncRecord, SyncResultRecord

Record: TypeAlias = (
    SyncRecord | SyncResultRecord | ManifestRecord | AnswerRecord | ShellRecord | BatchRecord | JobRecord
)
