from django.apps import AppConfig


class ControlPlaneConfig(AppConfig):
    name = "apps.control_plane"
    default_auto_field = "django.db.models.BigAutoField"
