"""`hourtab demo`: fill a new database with a believable workspace."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.accounts.models import Workspace
from hourtab.demo.filling import OWNER, fill
from hourtab.demo.living import keep_up
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused
from hourtab.management.setup import migrate_if_needed
from hourtab.sharing.links import url_of
from hourtab.sharing.models import ShareLink


class Command(Base):
    """Fill in the demo."""

    help = (
        "Make a workspace of invented data in a new database, and print its sign-in and its page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether a database that is not new is fine."""
        parser.add_argument(
            "--if-new",
            action="store_true",
            help="do nothing, and do not complain, where the database is not new",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill it in; the sign-in is kept beside the keys, so that it can be printed again."""
        migrate_if_needed()
        kept = settings.VAR / "keys" / "demo-sign-in"
        if Workspace.objects.exists():
            if not options["if_new"]:
                raise Refused("This database is not new. The demo goes only into a new one.")
            link = (
                ShareLink.objects.filter(workspace__is_demo=True, revoked_at=None)
                .order_by("pk")
                .first()
            )
            keep_up(timezone.now())
            if link and kept.exists():
                self._print(kept.read_text(), link, options)
            return
        password = secrets.token_urlsafe(9)
        _, link = fill(timezone.now(), password)
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.touch(mode=0o600)
        kept.write_text(password)
        self._print(password, link, options)

    def _print(self, password: str, link: ShareLink, options: dict[str, Any]) -> None:
        sign_in = {
            "email": OWNER,
            "password": password,
            "sign_in": f"{settings.SITE_URL}/accounts/login/",
            "url": url_of(link),
        }
        if options["json"]:
            self.print_json(sign_in)
        else:
            self.stdout.write(
                f"Sign in:      {sign_in['sign_in']}\n  as          {sign_in['email']}\n  "
                f"with        {sign_in['password']}"
            )
            self.stdout.write(f"Balance page: {sign_in['url']}")
