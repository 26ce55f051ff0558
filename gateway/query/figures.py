"""The columns of answers: what each means, and in which unit. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

Unit = Literal["", "people", "s", "share", "time", "money", "name"]


@dataclass(frozen=True, slots=True)
class Figure:
    """The meaning of a column. `wide` ones are left out of a table on the terminal; CSV and JSON have them all."""

    unit: Unit
    meaning: str
    wide: bool = False


FIGURES: Final = {
    "store": Figure("name", "the store"),
    "time": Figure("time", "when the interval begins, local time with its offset"),
    "zone": Figure("name", "the zone"),
    "door": Figure("name", "the door"),
    "agent": Figure("name", "the agent that the event came from", wide=True),
    "in": Figure("people", "people who came in"),
    "out": Figure("people", "people who went out"),
    "net": Figure("people", "in - out"),
    "occupancy_last": Figure("people", "people inside, at the interval's last minute in which something happened"),
    "occupancy_max": Figure("people", "most people inside, in any such minute", wide=True),
    "drift_last": Figure("people", "people counted out but never in since the store's day began, at that last minute", wide=True),
    "visits_started": Figure("", "visits of subjects (tags, phones, cards) that began", wide=True),
    "visits_closed": Figure("", "visits that ended"),
    "dwell_sum_s": Figure("s", "seconds of all visits (or dwells) that ended", wide=True),
    "mean_dwell_s": Figure("s", "dwell_sum_s / visits_closed; of a zone dwell_sum_s / dwells"),
    "transactions": Figure("", "sales"),
    "transactions_known": Figure("", "sales to a known fan", wide=True),
    "returns": Figure("", "goods brought back", wide=True),
    "revenue": Figure("money", "sum of the sales, less what was given back for returns", wide=True),
    "touches": Figure("", "interactions of any kind", wide=True),
    "conversion": Figure("share", "transactions / in"),
    "visits": Figure("", "visits that began and still stand: not void, not staff", wide=True),
    "visits_known": Figure("", "those of a known fan", wide=True),
    "anonymous_visits": Figure("share", "1 - visits_known / visits"),
    "anonymous_transactions": Figure("share", "1 - transactions_known / transactions"),
    "entries": Figure("", "times that a subject came into the zone"),
    "exits": Figure("", "times that a subject left the zone"),
    "present_max": Figure("people", "most subjects present in any minute"),
    "known_present_max": Figure("people", "most known fans present in any minute", wide=True),
    "dwells": Figure("", "stays in the zone that ended", wide=True),
    "count": Figure("", "stays (in the row `*`: visits of the whole store) that ended, staff left out"),
    "mean_s": Figure("s", "their mean length"),
    "median_s": Figure("s", "half of them were shorter"),
    "p90_s": Figure("s", "nine of ten were shorter"),
    "started": Figure("time", "when the visit began"),
    "at": Figure("time", "when it happened"),
    "until": Figure("time", "when it was over"),
    "seconds": Figure("s", "how long it lasted"),
    "subject": Figure("name", "the pseudonym of what the person carried"),
    "fan": Figure("name", "the fan, empty if not known"),
    "known": Figure("", "whether the fan is known", wide=True),
    "is_staff": Figure("", "whether this is one of the staff: in no number of traffic"),
    "open": Figure("", "whether the visit is not over yet: its length is not known"),
    "zones": Figure("", "zones visited"),
    "amount": Figure("money", "money of its sales"),
    "what": Figure("name", "scan, try_on, transaction, …"),
    "channel": Figure("name", "the channel of the sale", wide=True),
    "ref": Figure("name", "the publisher's own number, such as the receipt's"),
    "staff_id": Figure("name", "who served"),
    "department": Figure("name", "their department", wide=True),
    "campaign": Figure("name", "the campaign it belongs to", wide=True),
    "items": Figure("name", "what was bought or tried", wide=True),
    "stage": Figure("name", "the stage on the fan's way", wide=True),
    "sku": Figure("name", "the article, empty if the tag does not say"),
    "arrived": Figure("", "items first read in the store; of a zone: first read there"),
    "moved": Figure("", "times that an item came from another zone; of a zone: into it"),
    "tried": Figure("", "times that an item was in a fitting room for long enough"),
    "left": Figure("", "items not read any more; of a zone: last read there"),
    "mean_tried_s": Figure("s", "mean time of these in the fitting room"),
    "mean_stay_s": Figure("s", "mean time that those which left had been in the store", wide=True),
    "rows": Figure("", "events lost, exactly; 0 if not known"),
    "reason": Figure("name", "why they are missing"),
}  # fmt: skip
"""Every column that any answer has, but the histogram's `n_…`."""

HISTOGRAM_S: Final = (0, 10, 30, 60, 120, 300, 600, 1200, 2400, 3600)
"""Lower bounds of the classes of dwell, seconds; the last is open."""
HISTOGRAM: Final = (
    *(f"n_{low}_{high}s" for low, high in pairwise(HISTOGRAM_S)),
    f"n_{HISTOGRAM_S[-1]}s_up",
)
