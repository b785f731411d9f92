from django.apps import AppConfig


class UsagePlansConfig(AppConfig):
    name = "apps.usage_plans"
    default_auto_field = "django.db.models.BigAutoField"
