"""Where `footfall config` was: an installation whose metadata is of before finds it here."""

from device_profiles.config_command import app as app
