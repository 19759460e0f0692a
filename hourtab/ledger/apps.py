from django.apps import AppConfig

from hourtab.lib.database import read_dates_once


class LedgerConfig(AppConfig):
    name = "hourtab.ledger"

    def ready(self) -> None:
        read_dates_once()
