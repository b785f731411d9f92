from django.apps import AppConfig


class V2ApisConfig(AppConfig):
    name = "apps.v2_apis"
    default_auto_field = "django.db.models.BigAutoField"
