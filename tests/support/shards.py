"""Shards for tests, on stores in memory."""

from __future__ import annotations

from gateway.accept.accept import Acceptor
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Messages
from gateway.fold.fold import Fold
from gateway.shard import IdentityOf, Shard
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import SECRET, SITE


def shard_of(fold: Fold, site: Site = SITE, log: str = "log", identity: IdentityOf | None = None) -> Shard:
    """Return a shard whose accept remembers in memory what its checkpoints store; `identity` where it is the only one."""
    memory = CheckpointedMemory(log)
    return Shard(Messages(Acceptor(Places(site), memory, Pseudonymiser(SECRET))), fold, memory, identity)
