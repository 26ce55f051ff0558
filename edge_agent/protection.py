"""Identifiers in plain events leave in a form that the box cannot read back: as subjects, or sealed to the gateway's public key.

    protection = Protection(lasting_keys, public)
    protection.offer(public)                   # from a receipt
    protection.protected(value, event)         # the event to spool; NoKeyYet
    protection.protected_text(text)            # of an event that an earlier release spooled

An event all of whose identifiers have one spelling and are of types whose long-lived key is here gets subjects. Any other is sealed
whole, so that its identifiers keep their order. Where neither is possible, the event is not taken: nothing readable may reach the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from footfall.beacons import TYPES as BEACONS
from footfall.errors import ContractError, FootfallError
from footfall.events import parse_event
from footfall.identified import sealed_event, sealed_keys
from footfall.identifier_forms import has_one_spelling
from footfall.pseudonyms import lasting_subject, to_hex
from footfall.sealing import seal

SUBJECTS: Final = "subjects"
TYPES: Final = "types"
IDENTIFIERS: Final = "identifiers"
SEALED: Final = "sealed"


class NoKeyYet(FootfallError):
    """The box has heard no gateway yet, and can neither hash nor seal an identifier: the event is to be sent again."""

    def __init__(self) -> None:
        super().__init__(
            "this agent has no public key of its gateway yet, so it keeps no identifiers: send the same again. It comes with the first"
            " receipt of a gateway that has brand_secret_file"
        )


class Protection:
    """Any thread may use it: a key is replaced as a whole."""

    def __init__(self, lasting: Mapping[str, bytes], public: bytes | None = None, is_pinned: bool = False) -> None:
        """`public`: the gateway's, as a file or an earlier receipt has it; `is_pinned`: no receipt replaces it."""
        self._lasting = lasting
        self._is_pinned = is_pinned
        self.public = public

    def offer(self, public: bytes | None) -> bool:
        """Take the public key of a receipt. Return whether it is another than before."""
        if public is None or self._is_pinned or public == self.public:
            return False
        self.public = public
        return True

    def change(self, lasting: Mapping[str, bytes], pinned: bytes | None) -> None:
        """Use other long-lived keys, and another pinned key; without one the next receipt may replace it."""
        self._lasting, self._is_pinned, self.public = lasting, pinned is not None, pinned or self.public

    def protected(self, value: Mapping[str, Any], event: BaseModel) -> Mapping[str, Any]:
        """Return an event as it may be kept. Raise NoKeyYet. `event` is `value`, checked."""
        stated = sealed_keys(value, event)
        if not stated:
            return value
        if set(stated) == {IDENTIFIERS} and SUBJECTS in type(event).model_fields and (subjects := self._subjects(stated[IDENTIFIERS])):
            types = [identifier.partition(":")[0] for identifier in stated[IDENTIFIERS]]
            return {key: each for key, each in value.items() if key != IDENTIFIERS} | {SUBJECTS: subjects, TYPES: types}
        if self.public is None:
            raise NoKeyYet
        return sealed_event(value, event, self.public)

    def protected_text(self, text: str) -> str:
        """Return an event that was spooled, as it may stay there. Raise NoKeyYet. One that no gateway would take stays as it is, sealed."""
        if IDENTIFIERS not in text:
            return text
        try:
            value = json.loads(text)
            event = parse_event(value)
        except (ValueError, ContractError):
            if self.public is None:
                raise NoKeyYet from None
            return json.dumps({SEALED: seal(self.public, text.encode())})
        return json.dumps(self.protected(value, event), ensure_ascii=False, separators=(",", ":"))

    def _subjects(self, identifiers: list[str]) -> list[str]:
        """Return the subjects of identifiers, none if the key of any type is missing here.

        Which beacons are the brand's, and how a value is written that has several spellings, only the gateway knows: they are sealed.
        """
        split = [identifier.partition(":") for identifier in identifiers]
        if not all(id_type in self._lasting and id_type not in BEACONS and has_one_spelling(id_type, rest) for id_type, _, rest in split):
            return []
        return [to_hex(lasting_subject(self._lasting[id_type], id_type, rest)) for id_type, _, rest in split]
