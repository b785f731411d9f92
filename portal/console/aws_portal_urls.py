"""The pages of API Gateway's portals, below /console/portals/."""

from __future__ import annotations

from django.urls import path

from portal.console import aws_portal_pages as pages
from portal.console import aws_portal_products as products
from portal.console import aws_portals as portals

_PORTAL = "of/<str:portal_id>/"
_PRODUCT = "products/of/<str:product_id>/"

urlpatterns = [
    path("", portals.portals, name="aws_portals"),
    path("new/", portals.create_portal, name="create_aws_portal"),
    path(_PORTAL, portals.portal, name="aws_portal"),
    path(_PORTAL + "publish/", portals.publish_portal, name="publish_aws_portal"),
    path(_PORTAL + "preview/", portals.preview_portal, name="preview_aws_portal"),
    path(_PORTAL + "disable/", portals.disable_portal, name="disable_aws_portal"),
    path(_PORTAL + "roll-back/", portals.roll_back_portal, name="roll_back_aws_portal"),
    path(_PORTAL + "delete/", portals.delete_portal, name="delete_aws_portal"),
    path("products/", products.portal_products, name="portal_products"),
    path("products/new/", products.create_portal_product, name="create_portal_product"),
    path(_PRODUCT, products.portal_product, name="portal_product"),
    path(_PRODUCT + "delete/", products.delete_portal_product, name="delete_portal_product"),
    path(_PRODUCT + "pages/new/", pages.create_page, name="create_portal_product_page"),
    path(_PRODUCT + "pages/<str:page_id>/", pages.portal_page, name="portal_product_page"),
    path(_PRODUCT + "pages/<str:page_id>/delete/", pages.delete_page, name="delete_portal_page"),
    path(_PRODUCT + "endpoints/new/", pages.create_endpoint_page, name="create_portal_endpoint_page"),
    path(_PRODUCT + "endpoints/<str:page_id>/", pages.endpoint_page, name="portal_endpoint_page"),
    path(_PRODUCT + "endpoints/<str:page_id>/delete/", pages.delete_endpoint_page, name="delete_portal_endpoint_page"),
]
