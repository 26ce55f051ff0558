"""What every test has: hypothesis prints how to repeat a failure, and does not mind a busy machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("footfall", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("footfall")
