"""Registers the customers room with Django."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """The customers room."""

    name = "seatwright.customers"
    label = "customers"
    default_auto_field = "django.db.models.BigAutoField"
