"""`hourtab move`: everything from this database into an empty other one, SQLite to PostgreSQL or
back.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from hourtab.ledger.writing.chain import head
from hourtab.lib.database import snapshot
from hourtab.lib.database_url import database
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, is_migrated
from hourtab.retainers.models import Retainer

THERE = "there"
LEFT_BEHIND = {"sessions.session", "contenttypes.contenttype", "auth.permission"}
"""What is made anew: people sign in again; what Django keeps for itself."""
AT_ONCE = 2000


class Command(Base):
    """Move to another database."""

    help = "Copy everything into the empty database at URL (postgres://… or sqlite:///…). Stop HourTab before."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the other database."""
        parser.add_argument("url", help="the empty database everything goes into")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set the other database up, copy table by table in one transaction, and compare."""
        if not is_migrated():
            raise Refused("This database is not up to date. Run: hourtab migrate")
        wanted = {DEFAULT_DB_ALIAS: database(options["url"])}
        connections.settings[THERE] = connections.configure_settings(wanted)[DEFAULT_DB_ALIAS]
        try:
            call_command("migrate", database=THERE, verbosity=0, interactive=False)
            call_command("createcachetable", database=THERE, verbosity=0)
            counts = self._copy()
        finally:
            connections[THERE].close()
        rows = sum(counts.values())
        self.stdout.write(
            f"{rows:,} rows of {len(counts)} tables are there, and the chains of all retainers end as they do here."
        )
        self.stdout.write(
            "Start HourTab with the new DATABASE_URL and the same keys. Nobody stays signed in; links go on answering."
        )

    def _copy(self) -> dict[str, int]:
        counts = {}
        with snapshot(), transaction.atomic(using=THERE):
            for model in _models():
                if models.QuerySet(model, using=THERE).exists():
                    raise Refused(
                        f"The other database is not empty: it has rows of {model._meta.verbose_name_plural}.",
                        2,
                    )
            for model in _models():
                counts[model._meta.label] = _copy_rows(model)
            with connections[THERE].cursor() as cursor:
                for statement in connections[THERE].ops.sequence_reset_sql(
                    no_style(), list(_models())
                ):
                    cursor.execute(statement)
            _compare()
        return counts


def _models() -> Iterator[type[models.Model]]:
    """Yield every table, in an order in which rows can be stored: none before what it points at."""
    waiting = {model for model in apps.get_models(include_auto_created=True) if _is_copied(model)}
    while waiting:
        ready = sorted(
            (model for model in waiting if not _needs(model) & waiting),
            key=lambda model: model._meta.label,
        )
        if not ready:
            raise Refused("The tables point at each other in a circle.")
        yield from ready
        waiting -= set(ready)


def _is_copied(model: type[models.Model]) -> bool:
    return (
        model._meta.managed and not model._meta.proxy and model._meta.label_lower not in LEFT_BEHIND
    )


def _needs(model: type[models.Model]) -> set[Any]:
    targets = {
        field.remote_field.model for field in model._meta.concrete_fields if field.remote_field
    }
    return targets - {model}


def _copy_rows(model: type[models.Model]) -> int:
    names = [field.attname for field in model._meta.concrete_fields]
    copied = 0
    batch: list[Any] = []
    for values in (
        models.QuerySet(model).order_by("pk").values_list(*names).iterator(chunk_size=AT_ONCE)
    ):
        batch.append(model(**dict(zip(names, values, strict=True))))
        if len(batch) == AT_ONCE:
            copied += _store(model, batch)
            batch = []
    return copied + _store(model, batch)


def _store(model: type[models.Model], batch: list[Any]) -> int:
    for field in model._meta.concrete_fields:
        # A row is stored as it was: nothing is dated anew.
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
            field.auto_now_add = field.auto_now = False  # type: ignore[attr-defined]
    models.QuerySet(model, using=THERE).bulk_create(batch)
    return len(batch)


def _compare() -> None:
    """Raise where the chain of a retainer ends elsewhere than here."""
    for retainer in Retainer.objects.all():
        there = Retainer.objects.using(THERE).get(pk=retainer.pk)
        ends = (
            there.writes.using(THERE).order_by("-number").values_list("hash", flat=True).first()
            or ""
        )
        if ends != head(retainer):
            raise Refused(
                f"The chain of {retainer.ref} does not end there as it does here. Nothing was kept."
            )
