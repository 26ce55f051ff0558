"""Footfall: from signals of in-store sensors to foot-traffic time series with fan identities.

This package is the kernel that every other part imports; it imports none of them.
"""

__version__ = "0.1.0"
