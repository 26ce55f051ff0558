"""Errors, distinguished by what the caller does about them. Any other exception is a bug: crash, restart, replay.

The exception is a message from outside, which would come again after every restart: BUGS are caught, and the message is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from footfall.wording import counted

BUGS: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that a bug in our code raises about one message; none of them comes from disk, network or lack of memory."""


class FootfallError(Exception):
    """The base of every error that has a planned answer. A command that it ends has `exit_code`."""

    exit_code: ClassVar[int] = 2


class ConfigError(FootfallError):
    """A configuration cannot be used: the process reports it and exits at start-up."""


class AddressTaken(ConfigError):
    """Another process listens where this one was to. The exit code distinguishes it, for a parent that is to name the port."""

    exit_code = 3


class Unreadable(ConfigError):
    """A database or file cannot be read. A server answers it as its own fault, where a wrong question is the client's."""


class Unusable(ConfigError):
    """A file that can never be opened: damaged, or of a release too old. Files that can be rebuilt from others are rebuilt."""


class ContractError(FootfallError):
    """Bytes from outside violate the contract: they are quarantined and acknowledged.

    `reason` is a short stable word such as `frame.crc`, fit for a metric's label; the message is for people. `rows`: how many rows
    of the balance the bytes are known to hold.
    """

    def __init__(self, reason: str, message: str, rows: int = 1) -> None:
        super().__init__(message)
        self.reason = reason
        self.rows = rows


class ProfileError(FootfallError):
    """A device sent something that its profile does not explain: dropped, counted under `reason`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SinkUnavailable(FootfallError):
    """The database accepts nothing now: keep the points, wait `retry_after_s`, and send them again."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class RejectedPoint:
    """One point that a database refused permanently: its line protocol and the server's message."""

    line: bytes
    reason: str


class PartialWrite(FootfallError):
    """All points of a batch are durable, except `rejected`, which go to quarantine."""

    def __init__(self, rejected: Sequence[RejectedPoint]) -> None:
        super().__init__(f"{counted(len(rejected), 'point')} refused, the first: {rejected[0].reason if rejected else '-'}")
        self.rejected = tuple(rejected)
