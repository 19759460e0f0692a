from django.apps import AppConfig


class RetainersConfig(AppConfig):
    name = "hourtab.retainers"
