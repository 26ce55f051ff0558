"""What answers about fans look like, for the OpenAPI page. Answers are made by `gateway.fans`; nothing here checks them again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_TIME = "2026-11-21T02:02:03.500Z"


class _Shown(BaseModel):
    model_config = ConfigDict(extra="allow")


class FanTouch(_Shown):
    """An interaction: a scan, a sale …"""

    time: str = Field(examples=[_TIME], description="ISO 8601, UTC.")
    store: str = Field(examples=["flagship"])
    what: str = Field(examples=["transaction"])
    zone: str = Field(examples=["checkout"])
    staff_id: str = Field(examples=["st-7"])
    channel: str = Field(examples=["store"])
    campaign: str = Field(examples=["autumn"])
    ref: str = Field(examples=["T-881"])
    amount: float = Field(examples=[129.5])


class Stay(_Shown):
    """How long a fan was in a zone during a visit."""

    zone: str = Field(examples=["shoes"])
    start: str = Field(examples=[_TIME])
    seconds: float = Field(examples=[312.0])
    open: bool = Field(examples=[False])


class Visit(_Shown):
    """One visit; `end` is null while it lasts."""

    store: str = Field(examples=["flagship"])
    start: str = Field(examples=[_TIME])
    end: str | None = Field(examples=[_TIME])
    seconds: float = Field(examples=[840.0])
    open: bool = Field(examples=[False])
    zones: list[Stay]
    touches: list[FanTouch]


class Purchase(FanTouch):
    """A sale with the visits since the one before it."""

    visits_before: int = Field(examples=[3])
    visits: list[Visit]


class Heard(_Shown):
    """Where and when a fan was heard last."""

    store: str = Field(examples=["flagship"])
    time: str = Field(examples=[_TIME])


class Place(_Shown):
    """Where a fan is now, heard within the store's `idle_timeout_s`; `zone` is empty between zones."""

    store: str = Field(examples=["flagship"])
    zone: str = Field(examples=["shoes"])
    since: str = Field(examples=[_TIME])
    heard: str = Field(examples=[_TIME])


class _Fan(_Shown):
    fan: str = Field(examples=["f-1042"], description="The id now.")
    asked: str = Field(examples=["f-2001"], description="The id that was asked for, which may be an earlier one.")


class Identifier(_Shown):
    """An identifier of a fan for a time; its `subject` is a pseudonym."""

    type: str = Field(examples=["phone"])
    subject: str = Field(examples=["0f3a91c25b7e8d64"])
    from_: str | None = Field(alias="from", examples=[_TIME])
    to: str | None = Field(examples=[None])
    store: str | None = Field(examples=[None], description="Of something lent, the one store in which it is the fan's; null: all.")


class History(_Fan):
    """A fan's history as of `as_of`, the ledger's last checkpoint."""

    ids: list[str] = Field(examples=[["f-1042", "f-2001"]])
    as_of: str = Field(examples=[_TIME])
    identifiers: list[Identifier] = Field(description="Empty for tokens of stores and areas.")
    consent_withdrawn: bool
    now: Place | None
    last_heard: Heard | None
    visits_total: int
    visits: list[Visit]
    touches_total: int
    touches: list[FanTouch]
    purchases_total: int
    purchases: list[Purchase]


class Visits(_Fan):
    """A page of visits."""

    total: int = Field(examples=[31])
    visits: list[Visit]


class Purchases(_Fan):
    """A page of purchases."""

    total: int = Field(examples=[4])
    purchases: list[Purchase]


class Inference(_Shown):
    """What somebody probably did; nobody stated it."""

    inferred: bool = Field(examples=[True], description="Always true: it is no fact.")
    confidence: float = Field(examples=[0.82], description="How probable it is, 0 to 1.")
    what: str = Field(examples=["transaction"], description="transaction: bought; try_on: tried on.")
    time: str = Field(examples=[_TIME])
    store: str = Field(examples=["flagship"])
    zone: str = Field(examples=["checkout"])
    of: str = Field(examples=["T-881"], description="The sale by its ref, or the item by its EPC.")
    sku: str = Field(examples=["A1"])


class Inferred(_Fan):
    """What is inferred of a fan, the latest first."""

    inferred: list[Inference]


class Profile(_Fan):
    """A fan's profile, as docs/identity.md explains it."""

    at: str = Field(examples=[_TIME])
    stage: str = Field(examples=["active"])
    proposal: str | None = Field(examples=["invite to the autumn preview"])
    value: float = Field(examples=[62.0])
    value_parts: dict[str, float | None]
    stores: list[str] = Field(examples=[["flagship"]])


class ZoneInterest(_Shown):
    """Where the fan was longest lately."""

    store: str = Field(examples=["flagship"])
    zone: str = Field(examples=["shoes"])
    seconds: float = Field(examples=[1_260.0])


class ArticleInterest(_Shown):
    """Goods that a touch named, and what it was."""

    sku: str = Field(examples=["06901234567892"])
    what: str = Field(examples=["try_on"])


class Interests(_Shown):
    """Of the last visits."""

    zones: list[ZoneInterest]
    articles: list[ArticleInterest]


class Arrival(_Shown):
    """A fan came into a store, with what the token may know of the visits before."""

    kind: str = Field(examples=["arrival"])
    id: str = Field(
        examples=["flagship/1764209523500000000/agent-1"], description="Of the visit: an arrival that comes again has the same."
    )
    store: str = Field(examples=["flagship"])
    title: str = Field(examples=["Flagship store"])
    timezone: str = Field(examples=["Asia/Shanghai"])
    zone: str = Field(examples=["entrance"])
    time_ns: int = Field(examples=[1_764_209_523_500_000_000])
    fan: str = Field(examples=["f-1042"])
    visits: int = Field(examples=[12], description="Before this one, in the token's stores.")
    late: bool = Field(description="It became known more than an hour after it: the fan may have left long ago.")
    last_visits: list[Visit]
    interests: Interests
    stage: str | None = Field(examples=["active"])
    proposal: str | None = Field(examples=["invite to the autumn preview"])
