"""`footfall seal-key`."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.seal_key_command import seal_key
from footfall.errors import ConfigError
from footfall.sealing import key_id, public_key, public_key_text, read_public_key


def test_it_prints_or_writes_the_public_key_and_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    public = public_key(b"s3cret")
    seal_key(tmp_path / "secret", None)
    assert capsys.readouterr().out == public_key_text(public) + "\n"
    seal_key(tmp_path / "secret", tmp_path / "gateway.pub")
    assert key_id(public) in capsys.readouterr().out
    assert read_public_key(tmp_path / "gateway.pub") == public
    with pytest.raises(ConfigError, match="cannot be written"):
        seal_key(tmp_path / "secret", tmp_path / "missing" / "gateway.pub")
