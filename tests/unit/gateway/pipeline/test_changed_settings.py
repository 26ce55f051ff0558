"""What a reload names of gateway.toml."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from footfall.errors import ConfigError
from gateway.config import GatewayBroker, GatewayConfig, JournalLimits
from gateway.pipeline.changed_settings import ChangedSettings
from gateway.pipeline.notices import Notices


def refused() -> GatewayConfig:
    raise ConfigError("gateway.toml: jurnal: there is no such key")


def test_changes_are_named_by_their_keys_alone_until_the_file_is_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    settings = ChangedSettings(GatewayConfig(), notices)
    changed = GatewayConfig(journal=JournalLimits(keep_days=3), broker=GatewayBroker(password=SecretStr("s3cr3t")))
    for _ in range(2):
        settings.look(lambda: changed)
        assert notices.shown() == {"restart_needed": "changes of gateway.toml wait for a restart: broker.password, journal.keep_days"}
    settings.look(refused)
    assert notices.shown().keys() == {"restart_needed", "reload_refused"}
    assert "jurnal" in notices.shown()["reload_refused"]
    settings.look(GatewayConfig)
    assert notices.shown() == {}
    assert "s3cr3t" not in caplog.text
