"""The web process: console, developer portal and the AWS API, behind one ASGI application."""

import os

from django.core.asgi import get_asgi_application

from apps.control_plane.wire.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.portal")

application = BodyLimit(get_asgi_application())
