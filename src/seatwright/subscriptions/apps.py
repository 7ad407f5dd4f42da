"""Registers the subscriptions room with Django."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """The subscriptions room."""

    name = "seatwright.subscriptions"
    label = "subscriptions"
    default_auto_field = "django.db.models.BigAutoField"
