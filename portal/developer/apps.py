from django.apps import AppConfig


class DeveloperConfig(AppConfig):
    name = "portal.developer"
