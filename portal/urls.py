"""The whole map of the web process."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from apps.control_plane.lambda_api.code_links import function_code
from portal import gallery
from portal.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("console/", include("portal.console.urls")),
    path("console", RedirectView.as_view(pattern_name="console:home")),
    path("admin/", admin.site.urls),
    path("_gatehouse/function-code/<str:digest>", function_code),
    path("oidc/", include("portal.oidc.urls")),
    path("", include("apps.control_plane.wire.urls")),
    path("", include("portal.developer.urls")),
]

if settings.ENVIRONMENT.debug:
    urlpatterns += [
        path("_design/", gallery.gallery),
        path("_design/portal/", gallery.portal_gallery),
    ]
