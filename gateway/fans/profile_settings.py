"""`fan_profile.toml`: the stages of a fan's life, what the value index is made of, and what a brand proposes at each stage."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from pydantic import Field, model_validator

from footfall.config import Section, load
from footfall.events import Text
from footfall.mistakes import unknown
from gateway.fold.store import KEEP_DAYS

PREFIX: Final = "FOOTFALL_FAN_PROFILE"
MAX_COUNT: Final = 1_000_000
Limit = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Days = Annotated[float, Field(ge=0, le=KEEP_DAYS)]
Weight = Annotated[float, Field(ge=0, le=1000)]
Full = Annotated[float, Field(gt=0, le=1e12)]
QUANTITIES: Final = ("purchases", "visits", "silent_days", "known_days")
"""What stages are told apart by."""


class Span(NamedTuple):
    """A number may be `begin <= number < below`; None: without an end."""

    begin: float
    below: float | None

    def has(self, number: float) -> bool:
        """Return whether a number is within it."""
        return self.begin <= number and (self.below is None or number < self.below)

    def covers(self, other: Span) -> bool:
        """Return whether all of another span is within it."""
        return self.begin <= other.begin and (self.below is None or (other.below is not None and other.below <= self.below))


class Stage(Section):
    """A stage of a fan's life. What is left out does not matter."""

    name: Text
    meaning: Text | None = None
    purchases_from: Limit = 0
    purchases_below: Limit | None = None
    visits_from: Limit = 0
    visits_below: Limit | None = None
    silent_days_from: Days = 0
    silent_days_below: Days | None = None
    known_days_from: Days = 0
    known_days_below: Days | None = None

    @model_validator(mode="after")
    def _is_ever(self) -> Stage:
        for name in QUANTITIES:
            begin, below = self.span(name)
            if below is not None and below <= begin:
                raise ValueError(
                    f"stage {self.name!r}: {name}_from is {begin:g} and {name}_below {below:g}: that is never; write the greater one in"
                    f" {name}_below"
                )
        return self

    def span(self, quantity: str) -> Span:
        """Return the limits of one of QUANTITIES."""
        return Span(getattr(self, f"{quantity}_from"), getattr(self, f"{quantity}_below"))

    def covers(self, other: Stage) -> bool:
        """Return whether every fan who fits another stage fits this one."""
        return all(self.span(name).covers(other.span(name)) for name in QUANTITIES)


class ValueWeights(Section):
    """How much each part counts in the value index, in proportion to the others."""

    channels: Weight = 25.0
    recency: Weight = 20.0
    visits: Weight = 15.0
    purchases: Weight = 20.0
    money: Weight = 10.0
    behaviour: Weight = 10.0

    @model_validator(mode="after")
    def _weighs(self) -> ValueWeights:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise ValueError("all weights are 0, so that no fan has a value: give one part a weight")
        return self


class ValueFull(Section):
    """From which number on each part counts wholly; recency does for who is seen now."""

    channels: Full = 4.0
    visits: Full = 12.0
    purchases: Full = 4.0
    money: Full = 2000.0
    """Net, in the money of the tills."""
    behaviour: Full = 4.0
    """Kinds of touches beside sale, payment and return."""


@lru_cache(1)
def _shipped() -> tuple[Stage, ...]:
    table = tomllib.loads(files("gateway.fans").joinpath("profile.toml").read_text("utf-8"))
    return tuple(Stage.model_validate(each) for each in table["stages"])


class FanProfileSettings(Section):
    """What a fan's profile is made of."""

    window_days: Annotated[float, Field(ge=1, le=KEEP_DAYS)] = 365.0
    """The value index counts so many days before the time that is asked for."""
    weights: ValueWeights = ValueWeights()
    full: ValueFull = ValueFull()
    stages: tuple[Stage, ...] = Field(default_factory=_shipped)
    """The first that fits is the fan's. A brand's own stand in place of all that are shipped."""
    proposals: dict[Text, Text] = Field(default_factory=dict)
    """By stage, what to propose to a fan."""

    @model_validator(mode="after")
    def _consistent(self) -> FanProfileSettings:
        check_stages(self.stages)
        names = [stage.name for stage in self.stages]
        for name in self.proposals:
            if name not in names:
                raise ValueError(unknown(f"proposals has {name!r}, which is no stage", name, names, f"the stages are {', '.join(names)}"))
        return self


def load_profile(path: Path | None) -> FanProfileSettings:
    """Return the settings in a file, those that are shipped without one. Raise ConfigError, which names file, key and what is wrong."""
    return load(path, FanProfileSettings, PREFIX) if path else FanProfileSettings()


def check_stages(stages: tuple[Stage, ...]) -> None:
    """Raise ValueError if two have one name, if a fan may fit none, or if no fan ever has one of them."""
    for nth, stage in enumerate(stages):
        for before in stages[:nth]:
            if before.name == stage.name:
                raise ValueError(f"stages has {stage.name!r} twice: one fan has one stage of a name")
            if before.covers(stage):
                raise ValueError(
                    f"no fan is ever {stage.name!r}, since all who fit it are {before.name!r} before: write the narrower first"
                )
    if not stages or not stages[-1].covers(Stage(name="anybody")):
        raise ValueError("the last stage must have no limits: it is that of all fans whom no other fits")
