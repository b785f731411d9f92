from django.apps import AppConfig


class RestApisConfig(AppConfig):
    name = "apps.rest_apis"
    default_auto_field = "django.db.models.BigAutoField"
