"""Decisions about who is who as requests state them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall.errors import ContractError
from footfall.mistakes import describe
from footfall.purposes import IDENTIFY
from gateway.fans import desk_decisions
from gateway.fans.decisions import Deciding
from gateway.fans.desk import Desk
from gateway.fans.desk_decisions import Decided

_Fan = Annotated[str, Field(min_length=1, max_length=128, examples=["f-1042"])]
_Fans = Annotated[list[_Fan], Field(min_length=2, max_length=64, examples=[["f-1042", "f-2001"]])]
_FactId = Annotated[str, Field(min_length=1, max_length=256, examples=["merge-3f0c51a2"])]
_Identifier = Annotated[
    str, Field(min_length=1, max_length=256, examples=["phone:8613912345678"], description="type:value, or a subject of 16 hex digits.")
]
_Time = Annotated[str, Field(max_length=64, examples=["2026-11-01T00:00:00+08:00"])]


class Decision(BaseModel, ABC):
    """What every decision has."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    reason: Annotated[str, Field(max_length=128, examples=["registered twice"], description="Why; needed unless it is a dry run.")] = ""
    actor: Annotated[str, Field(max_length=128, examples=["kim"], description="Who decides; left out: the user of the token.")] = ""
    dry_run: Annotated[bool, Field(description="State nothing, and answer what it would change.")] = False

    @abstractmethod
    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        """Return the facts that it states. Raise ValueError or ConfigError."""


class _Forced(Decision):
    force: Annotated[bool, Field(description="State it also of ids of which nothing is known yet.")] = False


class MergeDecision(_Forced):
    """Fans are one person, now and in the past; a split takes it back."""

    fans: _Fans

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.merge(files, deciding, self.fans, self.force)


class DistinctDecision(_Forced):
    """Two fans are not one person: no import and no merge makes them one from then on."""

    fans: _Fans

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.distinct(files, deciding, self.fans, self.force)


class SplitDecision(Decision):
    """A merge is undone, as if it had never been."""

    of: _FactId

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.split(files, deciding, self.of)


class RevokeDecision(Decision):
    """A fact is taken back, as if it had never been."""

    of: _FactId

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.revoke(files, deciding, self.of)


class LinkDecision(Decision):
    """An identifier is a fan's; what a person states stands above imports and touches."""

    identifier: _Identifier
    fan: _Fan
    since: Annotated[_Time, Field(alias="from", description="Left out: since ever.")] = ""
    to: Annotated[_Time, Field(description="Left out: for ever.")] = ""
    store: Annotated[str, Field(max_length=64, description="The store that lent it, where others have one of the same name.")] = ""

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.link(files, deciding, self.identifier, self.fan, self.since, self.to, self.store)


class UnlinkDecision(_Forced):
    """An identifier is a fan's no longer, whoever linked it."""

    identifier: _Identifier
    fan: _Fan
    to: Annotated[_Time, Field(description="From then on it is not the fan's; left out: from now on.")] = ""

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.unlink(files, deciding, self.identifier, self.fan, self.to, self.force)


class ConsentDecision(_Forced):
    """A fan withdraws consent to be identified, or grants it again: meanwhile nothing bears the fan."""

    fan: _Fan
    granted: Annotated[bool, Field(examples=[False])]
    purpose: Annotated[str, Field(max_length=64)] = IDENTIFY
    version: Annotated[str, Field(max_length=128, description="Of the text that the fan agreed to.")] = ""
    since: Annotated[_Time, Field(alias="from", description="Left out: from now on.")] = ""

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.consent(files, deciding, self.fan, self.granted, self.purpose, self.version, self.since, self.force)


class OwnDecision(_Forced):
    """A fan is to be cared for by one of the staff, or by a store, until the next owner: sales to the fan count for them, wherever made."""

    fan: _Fan
    staff: Annotated[str, Field(max_length=128, examples=["s12"])] = ""
    store: Annotated[str, Field(max_length=64, examples=["flagship"])] = ""
    since: Annotated[_Time, Field(alias="from", description="Left out: from now on.")] = ""
    to: Annotated[_Time, Field(description="Left out: until the next owner.")] = ""

    def decide(self, files: Desk, deciding: Deciding) -> Decided:
        return desk_decisions.own(files, deciding, self.fan, self.staff, self.store, self.since, self.to, self.force)


DECISIONS: Final[Mapping[str, type[Decision]]] = {
    "merge": MergeDecision, "split": SplitDecision, "distinct": DistinctDecision, "link": LinkDecision, "unlink": UnlinkDecision,
    "revoke": RevokeDecision, "consent": ConsentDecision, "own": OwnDecision,
}  # fmt: skip
"""By the last part of the path."""


def decision_of(what: str, values: list[Any]) -> Decision:
    """Return the decision that a body states. Raise ContractError `decision`, which names the wrong key."""
    kind = DECISIONS[what]
    if len(values) != 1 or not isinstance(values[0], dict):
        raise ContractError("decision", "a decision is one object of JSON")
    try:
        found = kind.model_validate(values[0])
    except ValidationError as error:
        first, *_ = sorted(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")  # mistyped, so missing
        raise ContractError("decision", describe(first, kind)[:300]) from None
    if not found.reason and not found.dry_run:
        raise ContractError("decision", "reason: every decision has a reason, which is kept with it; a dry_run needs none")
    return found
