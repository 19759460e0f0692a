"""What every command shares: exit statuses, and a sentence instead of a stack trace.

0 done · 1 nothing done, says why · 2 bad input · 3 a question is open (imports).
"""

import json
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, Error, OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from hourtab.accounts.models import Workspace
from hourtab.ledger.errors import LedgerError
from hourtab.lib.database import is_sqlite
from hourtab.retainers.models import Retainer


class Refused(Exception):
    """A command does nothing; the message is the reason, `status` the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Command(BaseCommand):
    """A command of HourTab."""

    requires_system_checks = []

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; a refusal goes to standard error with its exit status."""
        try:
            return super().execute(*args, **options)
        except Refused as error:
            self.leave(str(error), error.status)
        except LedgerError as error:
            self.leave(str(error), 1)
        except UnicodeEncodeError:
            self.leave("A word on the command line is not valid UTF-8.", 2)
        except DatabaseError as error:
            if not isinstance(error, OperationalError | ProgrammingError) and _answers():
                raise
            self.leave(_what_stands_against(error), 1)

    def leave(self, message: str, status: int) -> NoReturn:
        """End with a sentence on standard error."""
        self.stderr.write(message)
        sys.exit(status)

    def print_json(self, value: object) -> None:
        """Print one JSON object on a line."""
        self.stdout.write(json.dumps(value, ensure_ascii=False))


def is_migrated() -> bool:
    """Has every migration been applied? Raises `DatabaseError` where the database does not
    answer.
    """
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _what_stands_against(error: Exception) -> str:
    """Return what is the case, and what to do about it."""
    said = next(iter(str(error).strip().splitlines()), "no reason given")
    if _answers():
        if not is_migrated():
            return "This database has not been set up. Run: hourtab migrate"
        if "readonly" not in said and "read-only" not in said:
            return f"The database could not do this: {said}"
    if not is_sqlite():
        return f"The database does not answer: {said}. Check DATABASE_URL, and whether its server runs."
    return (
        f"The database file {settings.DATABASES['default']['NAME']} cannot be used: {said}. Check that "
        "it can be read and written by the user this runs as, on a disk that is not read-only or full."
    )


def find_retainer(ref: str) -> Retainer:
    """Return the retainer of that short reference, or refuse with status 2."""
    try:
        return Retainer.objects.select_related("workspace", "client").get(ref=ref)
    except Retainer.DoesNotExist:
        known = list(Retainer.objects.values_list("ref", flat=True)[:5])
        hint = (
            f" Known: {', '.join(known)}."
            if known
            else " Open one first: hourtab open --client NAME --hours N"
        )
        raise Refused(f"There is no retainer “{ref}”.{hint}", 2) from None


def find_workspace(name: str | None) -> Workspace | None:
    """Return the workspace of that name, or the only one; None where there is none yet."""
    found = list(Workspace.objects.filter(name=name) if name else Workspace.objects.order_by("pk"))
    if len(found) > 1:
        raise Refused(
            f"There are {len(found)} workspaces. Name one with --workspace: {', '.join(w.name for w in found[:5])}",
            2,
        )
    if name and not found:
        raise Refused(f"There is no workspace “{name}”.", 2)
    return found[0] if found else None
