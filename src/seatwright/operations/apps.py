"""Registers the operations room with Django."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The operations room."""

    name = "seatwright.operations"
    label = "operations"
    default_auto_field = "django.db.models.BigAutoField"
