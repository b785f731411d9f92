from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "apps.metering"
    default_auto_field = "django.db.models.BigAutoField"
