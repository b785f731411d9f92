from django.apps import AppConfig


class PortalsConfig(AppConfig):
    name = "apps.portals"
    default_auto_field = "django.db.models.BigAutoField"
