"""Registers the assignments room with Django."""

from django.apps import AppConfig


class AssignmentsConfig(AppConfig):
    """The assignments room."""

    name = "seatwright.assignments"
    label = "assignments"
    default_auto_field = "django.db.models.BigAutoField"
