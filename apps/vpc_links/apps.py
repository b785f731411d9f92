from django.apps import AppConfig


class VpcLinksConfig(AppConfig):
    name = "apps.vpc_links"
    default_auto_field = "django.db.models.BigAutoField"
