"""Registers the catalogue room with Django."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The catalogue room."""

    name = "seatwright.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"
