from django.apps import AppConfig


class DomainNamesConfig(AppConfig):
    name = "apps.domain_names"
    default_auto_field = "django.db.models.BigAutoField"
