"""The agent's frames on disk, until the gateway has receipted them. See `Spool`."""

from edge_agent.epoch import Epoch
from edge_agent.spool.epochs import Fill, SpooledFrame
from edge_agent.spool.file import SpoolUnavailable
from edge_agent.spool.spool import HOUR_S, Spool

__all__ = ["HOUR_S", "Epoch", "Fill", "Spool", "SpoolUnavailable", "SpooledFrame"]
