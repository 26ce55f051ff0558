"""What all plain events share: how strict they are, their texts and names, and what every one may have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

from footfall.event_mistakes import NAME, TEXT
from footfall.identified import stated_identifiers
from footfall.moments import moment, to_ns
from footfall.sealing import Sealed

Name = Annotated[str, StringConstraints(pattern=NAME)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=TEXT)]


def _without_blanks(text: str) -> str:
    if text != text.strip():
        raise ValueError("must not have blanks around it: another one would look the same; send it without them, each time")
    return text


Reference = Annotated[Text, AfterValidator(_without_blanks)]
"""An id, by which something is found again."""
Subject = Annotated[str, StringConstraints(pattern=r"^[0-7][0-9a-f]{15}\z")]
"""A lasting subject, 16 hex digits."""
IdentifierTypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{1,32}\z")]
"""What stands before the colon of an identifier."""
Moment = Annotated[datetime, BeforeValidator(moment)]


class Strict(BaseModel):
    """Strict: "1", 1.0 and true are no integers, and a number is no time, since seconds and milliseconds cannot be distinguished."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Event(Strict):
    id: Reference | None = None
    time: Moment | None = None
    """When it happened; if absent, the time of arrival, at which a count's interval ends."""
    history: bool = False
    """Whether it is knowingly sent long after it happened: `time` may then be any since the year 2000."""

    @property
    def time_ns(self) -> int | None:
        return None if self.time is None else to_ns(self.time)


class OfPeople(Strict):
    """An event with identifiers. What made it may seal them to the gateway's public key, or hash them if it holds the type's key."""

    sealed: Sealed | None = None
    """In place of all keys with identifiers: their JSON, as `footfall.sealing` seals it."""

    @model_validator(mode="after")
    def _states_them_once(self) -> OfPeople:
        if self.sealed is not None and stated_identifiers(self):
            raise ValueError("`sealed` stands in place of identifiers: give one of them")
        return self
