"""How the sales and visits of an estate are shared out among those who contributed to them, where the brand says so itself."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, model_validator

from footfall.config import Section

WHOLE_PERCENT: Final = 100
Percent = Annotated[int, Field(ge=0, le=WHOLE_PERCENT)]


class Contribution(Section):
    """Changes hold from the running day on, as a whole; a day that is over has them once something of it changes."""

    half_life_days: Annotated[float, Field(gt=0, le=366)] = 7.0
    """By the rule `decayed` a touch that was so much earlier weighs half."""
    window_days: Annotated[int, Field(ge=1, le=366)] = 30
    """How long before a sale a touch counts."""
    first_percent: Percent = 40
    between_percent: Percent = 20
    last_percent: Percent = 40
    """What the first touch has by the rule `position`, all between together, and the last."""

    @model_validator(mode="after")
    def _adds_up(self) -> Contribution:
        parts = (self.first_percent, self.between_percent, self.last_percent)
        if sum(parts) != WHOLE_PERCENT:
            raise ValueError(f"first_percent, between_percent and last_percent add up to {sum(parts)}, and not to 100")
        return self
