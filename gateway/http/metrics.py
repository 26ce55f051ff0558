"""What the gateway counts, as a collector of prometheus_client (exposition format 0.0.4).

Every number is kept where it is counted and read at a scrape. No lock is on the hot path: a scrape may see a batch half counted,
and the next one sees all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

MetricKind = Literal["counter", "gauge"]
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

LabelValues = Mapping[tuple[str, ...], float]
"""Label values in the order of the label names, and the number; `{(): n}` without labels."""


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    kind: MetricKind
    text: str
    labels: tuple[str, ...]
    readers: list[Callable[[], LabelValues]] = field(default_factory=list)

    def collect(self) -> CounterMetricFamily | GaugeMetricFamily:
        values: dict[tuple[str, ...], float] = {}
        for reader in self.readers:
            values.update(reader())
        kind = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = kind(self.name, self.text, labels=self.labels)
        for labels, value in sorted(values.items()):
            family.add_metric(labels, value)
        return family


class MetricRegistry:
    """Every family of one process. Names start with `footfall_`; counters end in `_total`."""

    def __init__(self) -> None:
        self._families: Final[dict[str, _Family]] = {}
        self._registry: Final = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def read(self, name: str, kind: MetricKind, text: str, reader: Callable[[], LabelValues], labels: tuple[str, ...] = ()) -> None:
        """Add a family whose numbers `reader` returns at every scrape, such as a queue's length.

        ValueError if the name does not fit the kind, or stands for another kind or other labels already.
        """
        if kind == "counter" and not name.endswith("_total"):
            raise ValueError(f"the counter {name!r} must end in _total")
        family = self._families.setdefault(name, _Family(name, kind, text, labels))
        if (family.kind, family.labels) != (kind, labels):
            raise ValueError(f"{name} is a {family.kind} with labels {family.labels}, not a {kind} with {labels}")
        family.readers.append(reader)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._families))

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield the families, by name, as prometheus_client asks for them."""
        return (self._families[name].collect() for name in self.names())

    def render(self) -> str:
        """Return the text of one scrape."""
        return generate_latest(self._registry).decode()
