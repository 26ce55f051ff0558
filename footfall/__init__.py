"""Footfall: from what in-store sensors hear to foot-traffic time series with fan identities attached.

This package is the kernel that every other part imports; it imports none of them.
"""

__version__ = "0.1.0"
