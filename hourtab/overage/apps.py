from django.apps import AppConfig


class OverageConfig(AppConfig):
    name = "hourtab.overage"
