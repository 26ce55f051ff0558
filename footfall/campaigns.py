"""The campaigns of a touch: how an event states them, how records and rows keep them, how they are read. Pure.

An event names one as `campaign` or several as `campaigns`. What is kept has the first as `campaign`, and all of several as `campaigns`,
which is empty where `campaign` states it all: so what earlier releases wrote is read the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def check_campaigns(campaign: str | None, campaigns: Sequence[str] | None) -> None:
    """Raise ValueError if the key `campaign` is not the first of `campaigns`, or one is there twice."""
    if not campaigns:
        return
    if campaign not in (None, campaigns[0]):
        raise ValueError("`campaign` is not the first of `campaigns`: leave `campaign` out")
    if len(set(campaigns)) < len(campaigns):
        raise ValueError("`campaigns` has one campaign twice")


def campaign_values(campaign: str | None, campaigns: Sequence[str] | None) -> dict[str, Any]:
    """Return the keys of a record for those of an event."""
    if not campaigns:
        return {"campaign": campaign or "", "campaigns": []}
    return {"campaign": campaigns[0], "campaigns": list(campaigns) if len(campaigns) > 1 else []}


def campaigns_of(values: Mapping[str, Any]) -> Sequence[str]:
    """Return the campaigns of a record of a touch, each once; none, if it belongs to none."""
    several: Sequence[str] = values.get("campaigns") or ()
    return several or ((values["campaign"],) if values["campaign"] else ())


def spelled(campaigns: Sequence[str]) -> str:
    """Return the field `campaigns` of a touch's row: JSON of several, "" where `campaign` states it all."""
    return json.dumps(list(campaigns), ensure_ascii=False) if len(campaigns) > 1 else ""


def read(campaign: str, campaigns: str) -> Sequence[str]:
    """Return the campaigns of a touch's row by its fields; what is no such JSON counts as the first alone."""
    try:
        several = json.loads(campaigns) if campaigns else None
    except ValueError:
        several = None
    if isinstance(several, list) and several and all(isinstance(each, str) for each in several):
        return several
    return (campaign,) if campaign else ()
