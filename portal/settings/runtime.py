"""Settings of a data-plane process: only what Channels asks Django for. No database, no installed app."""

SECRET_KEY = "the-runtime-signs-nothing"  # noqa: S105 - Django refuses to start without one; nothing here uses it
USE_TZ = True
INSTALLED_APPS: list[str] = []
DATABASES: dict[str, dict[str, str]] = {}
