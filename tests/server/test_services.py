from __future__ import annotations

import logging
import os
import threading

import pytest

from rsh.errors import Code, Refused
from rsh.protocol.requests import Exec, List
from rsh.server.account import Account, Grant
from rsh.server.services import Services
from rsh.session.deadline import Deadline
from tests.machines import SOON
from tests.session.pairs import sessions


def services() -> Services:
    return Services(Account.current(), Grant(), dict(os.environb))


def test_log_keeps_quiet_when_a_client_names_a_path_that_cannot_be(caplog: pytest.LogCaptureFixture) -> None:
    with sessions(services().serve) as (client, _):
        channel = client.open(List((b"a\0b",)))
        with caplog.at_level(logging.WARNING), pytest.raises(Refused, match="EINVAL"):
            channel.wait_accepted(Deadline(SOON))
    assert not caplog.records


def test_request_is_refused_when_no_thread_can_be_had() -> None:
    with sessions(services().serve) as (client, server):
        threading.stack_size(1 << 46)  # more than any machine can map
        try:
            with pytest.raises(Refused) as refusal:
                client.open(Exec((b"true",), True)).wait_accepted(Deadline(SOON))
        finally:
            threading.stack_size(0)
        assert refusal.value.code == Code.BUSY
        assert server.wait_idle(Deadline(SOON))
        client.open(Exec((b"true",), True)).wait_accepted(Deadline(SOON))
