"""Registers the billing room with Django."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The billing room."""

    name = "seatwright.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"
