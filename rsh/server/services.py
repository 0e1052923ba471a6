"""Which function serves which request, and what every service has in common: its turn, its limits, its errors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Final

from rsh.errors import Code, FileError, ProtocolError, Refused, RshError, forget_frames
from rsh.protocol import requests
from rsh.server import batch, completing, confinement, detached, execution, filesystem, living, machine
from rsh.server.account import Account, Grant
from rsh.server.jobs import Jobs
from rsh.server.living import Living
from rsh.server.options import Options
from rsh.server.paths import check_paths
from rsh.server.shells import Terms
from rsh.session.channel import Channel
from rsh.session.condition import Condition

log = logging.getLogger("rsh.server")

# Channels that one session may have at work at once; more wait for their turn.
MAX_CHANNELS: Final = 64

# How long a request waits for its turn before it is refused, in seconds.
TURN_PATIENCE: Final = 10.0


class Services:
    """What one session is served with.

    Attributes:
        account: whose shell and files these are.
        grant: what the session's key may do.
    """

    def __init__(
        self,
        account: Account,
        grant: Grant,
        environment: Mapping[bytes, bytes],
        *,
        name: str = "",
        max_channels: int = MAX_CHANNELS,
        own_machine: bool = False,
        jobs: Jobs | None = None,
        who: str = "",
        shells: Terms | None = None,
    ) -> None:
        """Prepare to serve.

        Args:
            environment: the daemon's own.
            name: the session's, for the log.
            own_machine: the client is the user who started us, here: commands get the whole environment.
            jobs: the account's detached commands; None for the usual limits.
            who: the client, as others see it who are attached to a shell with it.
            shells: the terms of living shells; None for the usual ones.
        """
        self.account = account
        self.grant = grant
        self._environment = environment
        self._name = name
        self._own_machine = own_machine
        self._jobs = jobs or Jobs(Options())
        self._living = Living(account, grant, who or grant.label, shells or Terms())
        self._turns = threading.BoundedSemaphore(max_channels)

    def note(self, condition: Condition) -> None:
        """Hear how the connection to the client is; run by the session's threads."""
        self._living.note(connected=condition.connected)

    def serve(self, channel: Channel) -> None:
        """Serve one channel from its request to its end; run in a thread of its own."""
        if not self._turns.acquire(timeout=TURN_PATIENCE):
            channel.close(Code.BUSY, "too many requests in this session at once")
            return
        if channel.closed_by:
            self._turns.release()  # While it waited for its turn nobody wanted it any more.
            return
        log.debug("%s < %s channel %d", self._name, type(channel.request).__name__, channel.number)
        try:
            self._dispatch(channel)
        except FileError as error:
            channel.close(Code.FILE, error.error)
        except Refused as error:
            channel.close(error.code, str(error))
        except ProtocolError as error:
            log.warning("%s ! channel %d: %s", self._name, channel.number, error)
            channel.close(Code.PROTOCOL, str(error))
        except RshError as error:
            log.debug("%s = channel %d ended: %s", self._name, channel.number, error)
            channel.close(Code.CANCELLED, "", discard=True)
        except Exception:  # a net for bugs: the session and the daemon go on
            log.exception("%s ! channel %d failed", self._name, channel.number)
            channel.close(Code.INTERNAL, "internal error; the log of the daemon knows more")
        finally:
            self._turns.release()
            forget_frames(channel.closed_by)

    def _dispatch(self, channel: Channel) -> None:
        request = channel.request
        check_paths(request)
        if self.grant.path:
            request = confinement.confine(request, self.grant)
        if isinstance(request, requests.Exec):
            execution.execute(
                channel, request, self.account, self.grant, self._environment, everything=self._own_machine
            )
        elif isinstance(request, requests.Batch):
            batch.serve(channel, request, self.account, self.grant, self._environment, everything=self._own_machine)
        elif isinstance(request, living.REQUESTS):
            self._living.serve(channel, self._environment, everything=self._own_machine)
        elif isinstance(request, detached.REQUESTS):
            detached.serve(
                channel,
                request,
                self.account,
                self.grant,
                self._environment,
                self._jobs,
                everything=self._own_machine,
            )
        elif isinstance(request, requests.About):
            machine.about(channel, self.account)
        elif isinstance(request, requests.Complete):
            completing.complete(channel, request, self.account, self.grant, self._environment)
        else:
            filesystem.serve(channel, request, self.account, self.grant)
