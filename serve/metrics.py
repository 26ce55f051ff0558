"""What `footfall serve` counts, for Prometheus."""

from __future__ import annotations

from gateway.http.metrics import MetricRegistry
from serve.services import Services


def metrics_of(services: Services) -> MetricRegistry:
    """Return the metrics of a server."""
    registry, posted, feed, broker = MetricRegistry(), services.posted, services.feed, services.broker
    registry.read("footfall_live_readers", "gauge", "Readers of the live stream.", lambda: {(): feed.readers})
    registry.read("footfall_live_slow_readers_total", "counter", "Readers dropped for slowness.", lambda: {(): feed.slow_readers_total})
    registry.read("footfall_serve_broker_connected", "gauge", "1 while connected to the broker.", lambda: {(): not broker.error})
    registry.read(
        "footfall_serve_events_total", "counter", "Plain events accepted; requests refused, or that the broker did not acknowledge.",
        lambda: {(outcome,): posted[outcome] for outcome in ("accepted", "refused", "unavailable")}, ("outcome",),
    )  # fmt: skip
    return registry
