"""The databases that contracts are held against."""

from tests.support.databases import fresh

__all__ = ["fresh"]
