"""`hourtab open`: open a retainer and print its reference and link."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from hourtab.accounts.plans import PlanError
from hourtab.accounts.services import open_workspace
from hourtab.core.amounts import LONGEST, AmountError, Rounding, parse
from hourtab.core.cycles import FIRST_DAY, LAST_DAY, CycleError
from hourtab.core.terms import Overage, Percent, Rollover, Terms
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_workspace
from hourtab.management.setup import migrate_if_needed
from hourtab.money.minor import MoneyError
from hourtab.money.minor import parse as parse_money
from hourtab.retainers.services import open_retainer
from hourtab.retainers.terms_form import MONTHLY, MOST_PERCENT, anchor_before
from hourtab.sharing.links import url_of
from hourtab.sharing.services import key_fits, share


class Command(Base):
    """Open a retainer."""

    help = "Open a retainer, in a new workspace where there is none yet, and print its reference and link."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what was agreed; everything but client and hours has a sound default."""
        parser.add_argument("--client", required=True, help="name of the client")
        parser.add_argument("--hours", required=True, help="hours per cycle: 20, 7.5, 7h 30m")
        parser.add_argument("--start", help="first day, like 2027-01-31 (default: today)")
        parser.add_argument("--name", default="Retainer", help="what the client calls it")
        parser.add_argument(
            "--cadence",
            default="month",
            choices=["week", "two_weeks", "month", "quarter", "year", "once"],
        )
        parser.add_argument(
            "--rollover",
            default="0",
            help="how many cycles longer unused hours can be used: 0, 1, …, never-expire",
        )
        parser.add_argument(
            "--rollover-max", help="the most hours that roll on: 5h, or 50%% of those granted"
        )
        parser.add_argument("--overage", default="ask", choices=["ask", "bill", "deduct", "absorb"])
        parser.add_argument(
            "--debt-max", help="the most hours taken from the next cycles; what is beyond is billed"
        )
        parser.add_argument(
            "--round-up", "--round-to", default="0m", help="round each entry to this: 6m, 15m"
        )
        parser.add_argument(
            "--rounding", default="up", choices=["up", "nearest", "down"], help="which way"
        )
        parser.add_argument("--minimum", default="0m", help="what an entry counts at least: 15m")
        parser.add_argument("--fee", help="fee per cycle, in the currency of the workspace: 2000")
        parser.add_argument("--reset-day", help="day of the month on which cycles begin: 1 to 31")
        parser.add_argument(
            "--stub",
            default="full",
            choices=["full", "prorated", "none"],
            help="what there is up to the first reset",
        )
        parser.add_argument(
            "--zone", default="", help="time zone like Europe/Berlin (default: the workspace's)"
        )
        parser.add_argument(
            "--category",
            action="append",
            default=[],
            help="a kind of work; may be given several times",
        )
        parser.add_argument("--workspace", help="name of the workspace, where there are several")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open it."""
        terms = self._terms(options)
        client = " ".join(options["client"].split())
        if not client or len(client) > 120:
            raise Refused("The client's name must have 1 to 120 characters.", 2)
        migrate_if_needed()
        if not key_fits():
            raise Refused(
                "LINK_KEY is not the one this database's links were made with. Set it, or restore var/keys."
            )
        with transaction.atomic():
            workspace = find_workspace(options["workspace"]) or open_workspace(
                "My workspace", zone=options["zone"] or "UTC"
            )
            terms = replace(terms, fee=_fee(options["fee"], workspace.currency))
            try:
                retainer = open_retainer(
                    workspace,
                    client=client,
                    name=options["name"],
                    terms=terms,
                    zone=options["zone"],
                    categories=options["category"],
                )
                link = share([retainer], by=None)
            except PlanError as error:
                raise Refused(str(error)) from None
            except (ValidationError, CycleError) as error:
                raise Refused(" ".join(getattr(error, "messages", [str(error)])), 2) from None
        if options["json"]:
            self.print_json({"ref": retainer.ref, "url": url_of(link)})
        else:
            self.stdout.write(f"{retainer} is open: reference {retainer.ref}\n{url_of(link)}")

    def _terms(self, options: dict[str, Any]) -> Terms:
        start = _date(options["start"]) if options["start"] else timezone.localdate()
        cap = _hours(options["hours"], "--hours")
        if not cap and options["cadence"] != "once":
            raise Refused("--hours: a retainer has more than 0 hours per cycle.", 2)
        rollover = options["rollover"]
        if rollover != "never-expire" and not (rollover.isdecimal() and int(rollover) <= 1200):
            raise Refused(
                f"--rollover: “{rollover}” is neither a number of cycles nor never-expire.", 2
            )
        debt = _hours(options["debt_max"], "--debt-max") if options["debt_max"] else None
        return Terms(
            effective_on=start,
            cap=cap,
            cadence=options["cadence"],
            anchor_on=_anchor(start, options["reset_day"], options["cadence"]),
            stub=options["stub"],
            rollover=Rollover(
                None if rollover == "never-expire" else int(rollover),
                _limit(options["rollover_max"]),
            ),
            overage=Overage(options["overage"], debt),
            rounding=Rounding(
                _hours(options["round_up"], "--round-to", bare_most=0),
                options["rounding"],
                _hours(options["minimum"], "--minimum", bare_most=0),
            ),
        )


def _limit(text: str | None) -> int | Percent | None:
    if not text:
        return None
    percent = text.removesuffix("%").strip()
    if percent == text.strip():
        return _hours(text, "--rollover-max")
    if not (percent.isdecimal() and percent.isascii() and int(percent[:6]) <= MOST_PERCENT):
        raise Refused(f"--rollover-max: “{text}” is neither hours nor a percentage.", 2)
    return Percent(int(percent[:6]))


def _anchor(start: date, day: str | None, cadence: str) -> date:
    if not day:
        return start
    if cadence not in MONTHLY:
        raise Refused("--reset-day: a reset day goes with months, quarters and years.", 2)
    if not (day.isdecimal() and day.isascii() and 1 <= int(day[:3]) <= 31):
        raise Refused(f"--reset-day: “{day}” is not a day from 1 to 31.", 2)
    return anchor_before(start, int(day), cadence)


def _fee(text: str | None, currency: str) -> int | None:
    try:
        return parse_money(text, currency) if text else None
    except MoneyError:
        raise Refused(f"--fee: “{text}” is not a price in {currency}.", 2) from None


def _hours(text: str, name: str, *, bare_most: int = LONGEST) -> int:
    try:
        return parse(text, bare_most=bare_most)
    except AmountError as error:
        raise Refused(f"{name}: {error}", 2) from None


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"--start: “{text}” is not a date. Write for example 2027-01-31.", 2
        ) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused(f"--start: {day} is not between {FIRST_DAY} and {LAST_DAY}.", 2)
    return day
