"""Kinds of values that site.toml has in several places, checked as they are read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from gateway.site.names import parse_when

SiteMoment = Annotated[datetime | date, BeforeValidator(parse_when)]
"""A moment, or a date whose whole day counts."""
StorePathText = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*\z")]
