"""What a broker denies a publisher, as that publisher reports it: on `footfall/1/{store}/{name}/denied`, under the name the broker knows.

Whoever connects under one name and publishes under another is let in, and nothing of it arrives: not even its health. Access lists let
every name write its own `denied`, so that the gateway learns of it.
"""

from __future__ import annotations

import json
from typing import Final

from footfall.errors import ContractError
from footfall.topics import Topic, parse_topic

MAX_DENIAL_BYTES: Final = 4096


def encode_denial(topics: list[str]) -> bytes:
    """Return the report of topics that the broker does not let its sender write."""
    return json.dumps({"v": 1, "topics": topics}, separators=(",", ":")).encode()


def decode_denial(payload: bytes) -> list[Topic]:
    """Return the topics. Raise ContractError `denied` for any other bytes: what is no topic of ours is not shown to anybody."""
    try:
        if len(payload) > MAX_DENIAL_BYTES:
            raise ValueError
        topics = json.loads(payload)["topics"]
        return [parse_topic(topic) for topic in topics if isinstance(topic, str)]
    except (ValueError, TypeError, KeyError, RecursionError, ContractError):
        raise ContractError("denied", "not a report of what the broker denies: {topics: [...]}") from None
