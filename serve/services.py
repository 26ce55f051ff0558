"""What the routes share: settings, the estate, the broker, the gateway's status, and what is counted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool

from footfall.errors import ConfigError
from footfall.events import AnyEvent
from gateway.cli.status import fetch
from gateway.config import GatewayConfig
from gateway.fans.audit import Audited
from gateway.fans.audit_entries import corrections_of
from gateway.fans.desk import Desk, pseudonymiser_of
from gateway.fans.known_events import KnownEvent, SentAgain, as_sent, contradicts, known_events
from gateway.fans.profile_settings import FanProfileSettings
from gateway.fans.reading import FanReader
from gateway.fans.refused_events import RefusedEvent, refused_event
from gateway.site.staff import Roster
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.ledger_reader import LedgerReader
from serve.broker_client import BrokerClient
from serve.config import ServeConfig, status_url, users_path
from serve.estate import ServedEstate
from serve.fan_answers import is_known_there
from serve.fan_reads import FanReads
from serve.idempotency import Answers
from serve.ledgers import Ledgers
from serve.live import LiveReaders
from serve.question_places import QuestionPlaces
from serve.questions import EVERYTHING, Sight
from serve.sealing import EventSealer
from serve.sent_ids import SentIds
from serve.users import UserFile

STATUS_FRESH_S: Final = 2.0
"""The gateway is asked for its status at most so often, however many pages are open."""
ANSWERS: Final = "answers.db"
"""Beside the users."""
REVIEWS_AT_ONCE: Final = 1
_Found = TypeVar("_Found")


class Services:
    """Of one server; belongs to its event loop."""

    def __init__(self, config: ServeConfig, feed: LiveReaders, broker: BrokerClient, now_ns: Callable[[], int] = time.time_ns) -> None:
        """ConfigError: gateway.toml or the users cannot be read."""
        self.now_ns: Final = now_ns
        self.config: Final = config
        self.feed: Final = feed
        self.broker: Final = broker
        self.estate: Final = ServedEstate(config.gateway)
        users: Final = users_path(config)
        self.users: Final = UserFile(users) if users else None
        self.questions: Final = QuestionPlaces(config.listen.answer_s)
        self.posted: Final[Counter[str]] = Counter()
        """Requests that send events, by what became of them."""
        self.answers: Final = Answers(users.with_name(ANSWERS) if users and users.parent.is_dir() else None)
        self.sent: Final = SentIds()
        self._ledgers: Final = Ledgers(lambda: self.settings.state_dir / LEDGER)
        self._fans: Final = FanReads(self._ledgers)
        self._reviewed: Final = Ledgers(lambda: self.settings.state_dir / LEDGER)
        self._reviews: Final = ThreadPoolExecutor(REVIEWS_AT_ONCE, "reviews")
        self._sealer: Final = EventSealer()
        self._status_url: Final = status_url(config)
        self._status: tuple[float, dict[str, Any]] = (float("-inf"), {})
        self._status_lock: Final = asyncio.Lock()

    @property
    def gateway(self) -> Path:
        """The gateway.toml."""
        return self.config.gateway

    @property
    def settings(self) -> GatewayConfig:
        """What gateway.toml has. Raise Unreadable."""
        return self.estate.settings

    @property
    def profile_settings(self) -> FanProfileSettings:
        """How a fan's profile is worked out. Raise Unreadable."""
        return self.estate.profile_settings

    @property
    def roster(self) -> Roster:
        """Who worked where when, as site.toml has it now; nobody where it could not be read yet."""
        places = self.estate.places()
        return places.roster if places else Roster()

    def desk(self, ledger: LedgerReader) -> Desk:
        """Return the gateway's files as decisions and reviews stand on them."""
        return Desk(self.settings, ledger, self.estate.needed_site)

    async def read_fans(self, read: Callable[[FanReader], _Found]) -> _Found:
        """Return what is read of a fan from the latest checkpoint of the ledger, in a thread. Raise Unreadable, and as `read`."""
        return await self._fans.read(read)

    async def review(self, read: Callable[[FanReader], _Found]) -> _Found:
        """Return likewise what people look through, or decide: it may take long, and no fan that is read waits for it."""

        def reading() -> _Found:
            with self._reviewed.reading() as fans:
                return read(fans)

        return await asyncio.get_running_loop().run_in_executor(self._reviews, reading)

    def sight(self, reach: frozenset[str] | None) -> Sight:
        """Return what a token for some stores sees of an answer. None: for all."""
        if reach is None:
            return EVERYTHING

        @cache
        def is_shown(fan: str) -> bool:
            try:
                with self._ledgers.reading() as fans:
                    return is_known_there(fans, fan, partial(self.estate.is_own, reach=reach))
            except ConfigError:  # nobody can tell
                return False

        return Sight(reach, is_shown)

    def known_events(self, store: str, agent: str, ids: Iterable[str], facts: Iterable[str] = ()) -> Mapping[str, KnownEvent]:
        """Return what the gateway's journal remembers of events, by id; nothing where this server cannot read its files.

        Raise ContractError: site.toml has no such publisher.
        """
        places = self.estate.places()
        try:
            return known_events(self.settings.state_dir / JOURNAL, places, store, agent, ids, facts) if places else {}
        except ConfigError:
            return {}

    def other_content(
        self, sender: tuple[str, str], known: Mapping[str, KnownEvent], values: Mapping[str, Mapping[str, Any]]
    ) -> str | None:
        """Return the id of the first event with other content than the one that was taken under it; None if none has it.

        It decides as the gateway would, or by what is remembered in words where this server cannot read its files.
        """
        site, places = self.estate.site(), self.estate.places()
        if known and site is not None and places is not None:
            try:
                again, now_ns = SentAgain(self.settings.state_dir / JOURNAL, places, pseudonymiser_of(self.settings, site)), self.now_ns()
                return next((each for each, found in known.items() if again.is_other(found, *sender, values[each], now_ns)), None)
            except ConfigError:
                pass
        return next((each for each, found in known.items() if contradicts(found, values[each])), None)

    def corrections_of(self, store: str, agent: str, event: str, hidden: Collection[str]) -> list[Audited]:
        """Return what takes back or amends an event, as of the ledger's last checkpoint; nothing where this server cannot read its files.

        Raise ContractError: site.toml has no such publisher.
        """
        places = self.estate.places()
        try:
            with self._ledgers.reading() as fans:
                return list(corrections_of(fans.ledger, places, store, agent, event, hidden)) if places else []
        except ConfigError:
            return []

    def as_sent(self, store: str, agent: str, event: str, taken: KnownEvent) -> Mapping[str, Any]:
        """Return what an event stated before all amends, as far as this server can read the gateway's files.

        Raise ContractError: site.toml has no such publisher.
        """
        places = self.estate.places()
        try:
            with self._ledgers.reading() as fans:
                return as_sent(taken, fans.ledger, places, store, agent, event) if places else taken.values
        except ConfigError:
            return taken.values

    def refused_event(self, store: str, agent: str, event: str) -> RefusedEvent | None:
        """Return why an event lies in quarantine; None if it does not, and where this server cannot read the gateway's files."""
        try:
            return refused_event(self.settings.quarantine_path, store, agent, event)
        except ConfigError:
            return None

    def close(self) -> None:
        """Close what is open."""
        self._fans.close()
        self._reviews.shutdown(cancel_futures=True)
        self._ledgers.close()
        self._reviewed.close()
        self.questions.close()
        self.answers.close()

    async def status(self) -> dict[str, Any]:
        """Return what the gateway's /status has, at most STATUS_FRESH_S old."""
        async with self._status_lock:
            taken_s, status = self._status
            if time.monotonic() - taken_s > STATUS_FRESH_S:
                status = await run_in_threadpool(fetch, self._status_url)
                self._status = time.monotonic(), status
        return status

    async def sealed(self, values: list[Any], events: list[AnyEvent]) -> list[Any]:
        """Return events as they may be published. Raise NotPublished."""
        return self._sealer.sealed(values, events, await self.status()) if self._sealer.needs_key(events) else values
