from django.apps import AppConfig


class ClientCertificatesConfig(AppConfig):
    name = "apps.client_certificates"
    default_auto_field = "django.db.models.BigAutoField"
