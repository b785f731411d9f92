"""Settings of the running product."""

from portal.settings.defaults import *  # noqa: F403
