"""Touches that came as plain events: stored, counted, named, corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.baskets import as_documented
from footfall.campaigns import spelled
from footfall.compact_json import decoded, encoded
from footfall.units import NS_PER_MINUTE
from gateway.fold.amends import Amends
from gateway.fold.event_keys import event_key_ns
from gateway.fold.link_index import Changed
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.returns import OF_SALES, Returns
from gateway.fold.state import State
from gateway.fold.store import TouchRow
from gateway.fold.touch_facts import amended, as_meant, facts_of_corrected, facts_of_touch
from gateway.fold.visits import Visits
from gateway.identity.facts import Fact, fan_name, is_registered
from gateway.identity.facts_json import gives_back
from gateway.identity.naming import fan_at, name_of_touch
from gateway.points.rows import KEY_SIZE, TouchPoint
from gateway.records import Record
from gateway.site.staff import NOBODY

_KEY_SIZE: Final = KEY_SIZE[TouchPoint]


class Touches:
    """Keeps touches, with what each contributes to the minutes of its store."""

    def __init__(self, state: State, visits: Visits) -> None:
        self._state: Final = state
        self._visits: Final = visits
        self._returns: Final = Returns(state)

    def touch(self, record: Record, values: Mapping[str, Any]) -> list[Fact]:
        """Store a touch, and emit its point, with the fan that identity gives it now; return what it states about identity."""
        stated, values = values, as_meant(values, self._state.identifier_types)
        subjects, time_ns = values["subjects"], values["time_ns"]
        subject = subjects[0] if subjects else ""
        key_ns = event_key_ns(self._state, record, values)
        fan = self._fan(record.store, time_ns, values["fan"], values)
        body = record.body.decode() if values is stated else _body_of(values)
        row = TouchRow(record.store, record.agent, record.seq, time_ns, key_ns, values["id"], subject, fan, values["fan"], 0, body)
        self._change(None, values, row, values)
        return facts_of_touch(row, values)

    def correct(self, row: TouchRow, amends: Amends, is_void: bool) -> list[Fact]:
        """Store a touch with its amends that apply, or void; return what that changes of what it states about identity."""
        before = decoded(row.body)
        values = amended(row, before, amends, self._state.identifier_types)
        body = row.body if values == before else _body_of(values)
        subject = next(iter(values["subjects"]), "")
        changed = row._replace(given_fan=values["fan"], subject=subject, void=int(is_void), body=body)
        self._change(row, before, changed._replace(fan=self._fan(row.store, row.time_ns, values["fan"], values)), values)
        return facts_of_corrected(row, before, changed, values)

    def _emit(self, point: TouchPoint, was: TouchPoint | None) -> None:
        """Emit a point; of one that has other tags than before, the earlier one is void."""
        if was is not None and was[:_KEY_SIZE] != point[:_KEY_SIZE]:
            self._state.emit(was._replace(void=True), was)
            was = None
        self._state.emit(point, was)

    def repeat(self, store: str, agent: str, key_ns: int) -> None:
        """Emit a touch once more, as it is now."""
        if row := self._state.ledger.touch_by_key(store, agent, key_ns):
            self._state.points.emit(self._point(row, decoded(row.body)))

    def by_site_again(self, store: str, from_ns: int, to_ns: int) -> None:
        """Work out again for the touches of a span what follows from the site: which returns are handbacks, and whose department and squad
        are those of their staff then.
        """
        for row in self._state.ledger.touches_between(store, from_ns, to_ns):
            values = decoded(row.body)
            if (meant := as_meant(values, self._state.identifier_types)) is not values:
                self._change(row, values, row._replace(body=_body_of(meant)), meant)
            elif values["staff_id"] and not (values["department"] and values.get("squad")):
                self._state.points.emit(self._point(row, values))

    def relink(self, changed: Changed) -> None:
        """Give touches the fan that identity gives them now, after the standing of a name that they have changed."""
        for row in self._state.ledger.touches_of(changed.name, changed.from_ns, changed.to_ns):
            if not changed.is_in(row.store):
                continue
            values = decoded(row.body)
            fan = self._fan(row.store, row.time_ns, row.given_fan, values)
            if fan != row.fan:
                self._change(row, values, row._replace(fan=fan), values)
            elif (sharer := values.get("shared_by")) and changed.name == fan_name(sharer):
                self._state.points.emit(self._point(row, values))

    def _fan(self, store: str, time_ns: int, given_fan: str, values: Mapping[str, Any]) -> str:
        """Return whom a touch is by what is known now; of most nothing is."""
        if not given_fan and not self._state.links.may_know(values["subjects"], values["ref"]):
            return ""
        standing_of = self._visits.whose.standing_of(self._state.estate.stores.of(store), time_ns, gives_back(values))
        return name_of_touch(standing_of, values["subjects"], given_fan, values["ref"], time_ns)

    def _change(self, row: TouchRow | None, before: Mapping[str, Any], changed: TouchRow, values: Mapping[str, Any]) -> None:
        """Store a touch that was another `row`, None if it is new; what it contributed before is taken back."""
        store = self._state.estate.stores.of(changed.store)
        if row is not None and not row.void:
            self._contribute(store, row.time_ns, before, row.fan, -1)
        if not changed.void:
            self._contribute(store, changed.time_ns, values, changed.fan, 1)
        self._state.fan_touches.save(row, changed, values)
        for version, its in ((row, before), (changed, values)):
            if version is not None:
                self._state.outcome_days.touched(store, version, its, row is None)
        if row is None:
            if values["what"] in OF_SALES and values["ref"]:
                self._returns.came(changed, values)
        elif (row.body, row.void) != (changed.body, changed.void):
            self._returns.changed(before, values)
        self._emit(self._point(changed, values), self._point(row, before) if row else None)
        for each in sorted({changed.fan, row.fan if row else ""} - {""}):
            self._visits.touched(store, each, changed.time_ns)

    def _contribute(self, store: int, time_ns: int, values: Mapping[str, Any], fan: str, sign: int) -> None:
        cells, minute = self._state.traffic, time_ns // NS_PER_MINUTE
        cells.add(store, minute, TRAFFIC_COLUMN["touches"], sign)
        if values["what"] == "transaction":
            cells.add(store, minute, TRAFFIC_COLUMN["transactions"], sign)
            cells.add(store, minute, TRAFFIC_COLUMN["revenue"], sign * values["amount"])
            if is_registered(fan):
                cells.add(store, minute, TRAFFIC_COLUMN["transactions_known"], sign)
        elif values["what"] == "return":
            cells.add(store, minute, TRAFFIC_COLUMN["returns"], sign)
            cells.add(store, minute, TRAFFIC_COLUMN["revenue"], -sign * values["amount"])

    def _point(self, row: TouchRow, values: Mapping[str, Any]) -> TouchPoint:
        """Return the point of a touch; where it leaves out the department or the squad, those that its staff had then."""
        staff_id, campaigns, roster = values["staff_id"], values.get("campaigns"), self._state.roster
        member = (roster.at(staff_id, row.time_ns) if staff_id and roster else None) or NOBODY
        return TouchPoint(
            time_ns=row.key_ns, agent=row.agent, channel=values["channel"], store=row.store, what=values["what"], zone=values["zone"],
            subject=row.subject, fan=row.fan, ref=values["ref"], staff_id=staff_id, department=values["department"] or member.department,
            campaign=values["campaign"], items=as_documented(values["items"]), stage=values["stage"], amount=values["amount"],
            void=bool(row.void), squad=values.get("squad", "") or member.squad, campaigns=spelled(campaigns) if campaigns else "",
            code=values.get("code", ""), shared_by=self._sharer(row, values.get("shared_by", "")),
        )  # fmt: skip

    def _sharer(self, row: TouchRow, stated: str) -> str:
        """Return who the fan is whom a touch names as the one who shared: another id since a merge, "" while consent is withdrawn."""
        if not stated:
            return ""
        return fan_at(self._visits.whose.standing_of(self._state.estate.stores.of(row.store), row.time_ns), stated, row.time_ns)


def _body_of(values: Mapping[str, Any]) -> str:
    return encoded(values).decode()
