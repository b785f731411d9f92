"""The web process: console, developer portal and the AWS API, and the pages' WebSocket clients, behind one ASGI application."""

import os

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.portal")
pages = get_asgi_application()

# What follows needs the applications that Django has just loaded.
from apps.control_plane.wire.body_limit import BodyLimit  # noqa: E402
from portal.behind_proxies import BehindProxies  # noqa: E402
from portal.console.websocket_apis_bridge import stage_of_console  # noqa: E402
from portal.developer.socket_places import stage_of_product  # noqa: E402
from portal.socket_bridge import Bridge  # noqa: E402

application = BehindProxies(
    ProtocolTypeRouter({"http": BodyLimit(pages), "websocket": Bridge(stage_of_console, stage_of_product)}),
    settings.ENVIRONMENT.trusted_proxies,
)
