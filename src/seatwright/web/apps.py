"""Registers the portal with Django, for its templates and texts."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The portal's pages."""

    name = "seatwright.web"
    label = "web"
