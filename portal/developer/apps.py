from django.apps import AppConfig


class DeveloperConfig(AppConfig):
    name = "portal.developer"

    def ready(self) -> None:
        # Every Django process that hands work to Celery must know the broker, not only the worker.
        import portal.celery  # noqa: F401
