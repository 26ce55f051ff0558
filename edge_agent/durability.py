"""Requests that wait until the frames with their plain events are durable.

pending.add(epoch, seq, kept)      # the request's rows are in frames up to `seq`; None: they were dropped
pending.resolve(spool)             # complete the futures of all that are decided by now
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from edge_agent.spool import Spool, SpoolUnavailable


@dataclass(frozen=True, slots=True)
class _Request:
    epoch: str
    seq: int | None
    kept: Future[None]


class PendingRequests:
    """One thread calls it; the futures' owners wait in others."""

    def __init__(self) -> None:
        self._requests: list[_Request] = []

    def add(self, epoch: str, seq: int | None, kept: Future[None]) -> None:
        """Remember a request whose events are in frames of `epoch` up to `seq`; None: these events were dropped."""
        self._requests.append(_Request(epoch, seq, kept))

    def resolve(self, spool: Spool) -> None:
        """Complete futures whose events are durable here or at the gateway. Fail those whose events were dropped with TimeoutError."""
        requests, self._requests = self._requests, []
        for request in requests:
            if request.seq is None:
                request.kept.set_exception(TimeoutError())
            elif spool.is_safe(request.epoch, request.seq):
                request.kept.set_result(None)
            else:
                self._requests.append(request)


def remembered(spool: Spool) -> dict[str, str]:
    """Return the counters' readings of earlier runs. A corrupt file is set aside, and the second try reads a new one."""
    try:
        return spool.readings()
    except SpoolUnavailable:
        return spool.readings()
