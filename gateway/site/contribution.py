"""How the sales and visits of an estate are shared out among those who contributed to them, where the brand says so itself."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, field_validator

from footfall.config import Section

WHOLE_PERCENT: Final = 100
Percent = Annotated[int, Field(ge=0, le=WHOLE_PERCENT)]


class Contribution(Section):
    """Changes hold for days that are written from then on."""

    half_life_days: Annotated[float, Field(gt=0, le=366)] = 7.0
    """By the rule `decayed` a touch that was so much earlier weighs half."""
    window_days: Annotated[int, Field(ge=1, le=366)] = 30
    """How long before a sale a touch counts."""
    position: tuple[Percent, Percent, Percent] = (40, 20, 40)
    """By the rule `position`, percent of the first touch, of all between together, and of the last."""

    @field_validator("position")
    @classmethod
    def _adds_up(cls, position: tuple[int, int, int]) -> tuple[int, int, int]:
        if sum(position) != WHOLE_PERCENT:
            raise ValueError(f"{' + '.join(map(str, position))} is {sum(position)}: the first, those between and the last add up to 100")
        return position
