"""Registers the orders room with Django."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The orders room."""

    name = "seatwright.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"
