"""The application that holds the commands and templates."""

from django.apps import AppConfig


class HourtabConfig(AppConfig):
    """HourTab itself."""

    name = "hourtab"
