"""What a statement that something lent is a fan's must have: when it was handed over, and if it is of one store, which. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from footfall.errors import ContractError
from footfall.event_facts import LinkFact
from gateway.identity.types import IdentifierTypes
from gateway.site import Site
from gateway.site.index import Places


@dataclass(frozen=True, slots=True)
class LentRule:
    """By the types of a brand, and the stores of its estate; None: nobody looks."""

    types: IdentifierTypes = field(default_factory=IdentifierTypes)
    places: Places | None = None

    @classmethod
    def of_site(cls, site: Site) -> LentRule:
        """Return the rule of an estate, by its types alone."""
        return cls(IdentifierTypes(site.identifier_types))

    def check(self, fact: LinkFact) -> None:
        """Raise ContractError if a link of what is lent states neither since when nor up to when; what is sealed nobody sees here."""
        id_type = (fact.identifier or "").partition(":")[0]
        if why := self.types.why_never_lent(id_type, fact.since is not None or fact.until is not None):
            raise ContractError("event.invalid", why)

    def store_of(self, id_type: str, has_time: bool, store: str) -> str:
        """Return the store in which a row's link holds: what is not lent is the fan's in all of them. Raise ValueError, ContractError."""
        if self.types.of(id_type).klass != "lent":
            return ""
        if why := self.types.why_never_lent(id_type, has_time):
            raise ValueError(why)
        if store and self.places is not None:
            self.places.check_store(store)
        return store
