"""Imported by the fork server alone: loads Django and the durable engine, so that each fork starts at once."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seatwright.config.settings")
django.setup()

import seatwright.cli.worker  # noqa: E402, F401 -- its import is what this module is for
