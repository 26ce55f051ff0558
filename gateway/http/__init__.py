"""Health, metrics, status and the live stream over HTTP."""
