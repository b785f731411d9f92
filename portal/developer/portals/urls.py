"""The addresses of API Gateway's portals, and the same ones of previews."""

from __future__ import annotations

from django.urls import URLPattern, path

from portal.developer.portals import pages

_PAGES = (
    ("", pages.home, ""),
    ("style.css", pages.style, "_style"),
    ("logo", pages.logo, "_logo"),
    ("sign-out/", pages.sign_out, "_sign_out"),
    ("products/<str:product_id>/", pages.product, "_product"),
    ("products/<str:product_id>/pages/<str:page_id>/", pages.written, "_page"),
    ("products/<str:product_id>/endpoints/<str:endpoint_id>/", pages.endpoint, "_endpoint"),
    ("products/<str:product_id>/endpoints/<str:endpoint_id>/try/", pages.try_it, "_try_it"),
    ("products/<str:product_id>/endpoints/<str:endpoint_id>/stream/", pages.try_stream, "_try_stream"),
)

portals: list[URLPattern] = [
    *(path(f"portals/preview/<str:token>/{rest}", page, name=f"portal_preview{name}") for rest, page, name in _PAGES),
    *(path(f"portals/<str:portal_id>/{rest}", page, name=f"portal{name}") for rest, page, name in _PAGES),
]
