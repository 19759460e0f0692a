"""A canary in every private field, and a walk through everything public: none of them sings."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import models

from hourtab.accounts.models import Workspace
from hourtab.alerts.watching import watch_retainers
from hourtab.archive.tables import TABLES
from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.imports.models import Import
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.verbs.log import edit_entry, top_up, withdraw_entry
from hourtab.ledger.verbs.plan import plan_work
from hourtab.outbox.models import Delivery
from hourtab.overage import services as requests
from hourtab.overage.services import Wish
from hourtab.retainers.models import OfficeHours, Retainer, WeightRule
from hourtab.schedule import send_mails
from hourtab.sharing import subscriptions
from hourtab.sharing.models import ShareLink, StoredPage, Subscription
from hourtab.sharing.services import share
from hourtab.showing.digest import queue_digests
from tests.builders import NOW, a_retainer, log, work
from tests.mailbox import smtp_peer

pytestmark = pytest.mark.django_db

MONDAY = datetime(2027, 6, 28, 8, tzinfo=UTC)
SHOWN = {
    "workspace.name",
    "workspace.zone",
    "workspace.locale",
    "workspace.currency",
    "workspace.colour",
    "client.name",
    "retainer.name",
    "retainer.zone",
    "retainer.currency",
    "retainer.as_of_source",
    "revision.category",
    "revision.description",
    "revision.person",
    "revision.project",
    "revision.reason",
    "statement.reason",
    "hold.text",
    "sharelink.locale",
    "revision.weighted_by",
    "weightrule.name",
    "request.reason",
    "workspace.sender_name",
    "workspace.reply_to",
    "workspace.footer",
    "workspace.imprint_url",
    "workspace.privacy_url",
}
"""Texts that a link may show. Everything else is private, or a key."""
KEYS = {
    "ref",
    "key",
    "token_digest",
    "digest",
    "hash",
    "salt",
    "erased",
    "batch",
    "occasion",
    "message_id",
    "source_digest",
    "source_ref",
    "file_digest",
    "password",
    "tag",
    "release",
    "coding",
    "profession",
    "tool",
    "cadence",
    "stub",
    "overage_policy",
    "rounding_mode",
    "outcome",
    "unit",
    "days",
}


def private_fields(model: type[models.Model]) -> list[models.Field]:
    name = model._meta.model_name
    texts = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
    ]
    return [
        field
        for field in texts
        if not field.choices and field.name not in KEYS and f"{name}.{field.name}" not in SHOWN
    ]


def plant() -> int:
    """Write a canary into every private text there is; return how many fields that were."""
    planted = 0
    for model, _way in TABLES:
        for field in private_fields(model):
            for row in models.QuerySet(model):
                text = f"canary-{model._meta.model_name}-{field.name}-{row.pk}"
                text = (
                    f"{text}@canary.example"
                    if isinstance(field, models.EmailField)
                    else text[: field.max_length or 200]
                )
                models.QuerySet(model).filter(pk=row.pk).update(**{field.name: text})
                planted += 1
    return planted


def test_no_private_text_is_on_any_public_page_feed_file_or_mail(
    northlight, ada, olga, carl, settings
) -> None:
    retainer = a_retainer(
        northlight, "Brightwater", "ERP programme", starts="2027-04-01", categories=("Design",)
    )
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 4, 1, tzinfo=UTC))
    for day in ("2027-04-05", "2027-05-05"):
        log(
            retainer,
            day,
            "3h",
            "Shown",
            category="Design",
            now=datetime.fromisoformat(f"{day}T12:00:00+00:00"),
        )
    turn_the_day(NOW)
    entry = log(retainer, "2027-06-03", "2h", "canary of a text that was changed")
    edit_entry(
        entry,
        work("2027-06-03", "2h", "Shown", person="canary person", project="canary project"),
        by=ada.member,
        now=NOW,
    )
    withdraw_entry(
        log(retainer, "2027-06-04", "1h", "canary taken out"),
        by=ada.member,
        now=NOW,
        reason="canary reason of it",
    )
    log(
        retainer,
        "2027-06-05",
        "1h",
        "canary internal",
        scope="internal",
        category="canary internal kind",
    )
    log(
        retainer,
        "2027-06-06",
        "1h",
        "canary project work",
        scope="project",
        category="canary project kind",
    )
    top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=ada.member, now=NOW, reason="canary")
    days = {"starts_on": date(2027, 6, 24), "ends_on": date(2027, 6, 25)}
    plan_work(retainer, text="Shown plan", amount=HOUR, by=ada.member, now=NOW, **days)
    contact = Contact.objects.create(
        client=retainer.client, name="canary", email="canary@brightwater.example", role="approver"
    )
    WeightRule.objects.create(
        retainer=retainer, name="Shown rule", percent=200, category="canary kind"
    )
    OfficeHours.objects.create(retainer=retainer)
    for number, amount in ((1, HOUR), (2, 0)):
        wish = Wish(
            "extra", HOUR, date(2027, 6, 3), date(2027, 6, 30), f"Shown request {number}", 9000
        )
        asked = requests.ask(
            retainer, wish, [contact], decide_by=MONDAY + timedelta(days=9), by=ada.member, now=NOW
        )
        if number == 1:
            by = asked.approvers.get()
            requests.decide(
                asked,
                approver=by,
                name="canary who decided",
                amount=amount or HOUR,
                comment="canary comment",
                now=NOW,
            )
    watch_retainers(NOW)
    Import.objects.create(
        workspace=northlight,
        retainer=retainer,
        file_name="canary.csv",
        file_digest="x",
        content=b"canary",
    )
    other = a_retainer(northlight, "canary client", "canary retainer")
    log(other, "2027-06-03", "1h", "canary of another client")
    foreign = a_retainer(Workspace.objects.exclude(pk=northlight.pk).get(), "canary foreign")
    log(foreign, "2027-06-03", "1h", "canary of another workspace")
    share([other], by=None)
    link = share(
        [retainer],
        by=ada.member,
        has_feeds=True,
        unfurls=True,
        splits_by="person",
        label="x",
        given_to="y",
    )
    with smtp_peer() as (box, url), time_machine.travel(NOW, tick=False):
        settings.EMAIL_URL = url
        options = {"host": "127.0.0.1", "port": int(url.rpartition(":")[2])}
        settings.MAILERS = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": options,
            }
        }
        subscriptions.ask(link, "reader@brightwater.example", "week", now=NOW)
        subscriptions.confirm(Subscription.objects.get(), "week", now=NOW)
        Delivery.objects.exclude(kind="confirm").delete()
        queue_digests(MONDAY)
        assert plant() > 40
        Subscription.objects.update(to="reader@brightwater.example")
        Delivery.objects.update(target="reader@brightwater.example")
        # What a name of the workspace's own pages is public again.
        Workspace.objects.filter(pk=northlight.pk).update(name="Northlight")
        StoredPage.objects.all().delete()
        with time_machine.travel(MONDAY, tick=False):
            assert send_mails(MONDAY) == 2
        told = {f"mail {i}": mail.as_string() for i, mail in enumerate(box.mails)} | crawl(
            carl, link
        )
    assert len(told) > 25
    for shown in ("Shown plan", "Shown rule", "Shown request 1", "Shown request 2"):
        assert any(shown in text for text in told.values()), shown
    for path, text in told.items():
        assert "canary" not in text.lower(), (
            path,
            re.search("canary[^<\n]*", text, re.IGNORECASE)[0],
        )


def crawl(carl, link: ShareLink) -> dict[str, str]:
    """Follow every address a link's pages name, and those a curious reader would try."""
    queries = [
        "",
        "page=1",
        "page=2",
        "retainer=2",
        "q=canary",
        "q=a",
        "hours=3h",
        "year=2027",
        "all",
        "check",
        "as=json",
        "logo=x",
        "year=2027&as=csv",
        "year=2027&as=pdf",
        "all&as=csv",
        "feed=json",
        "feed=calendar",
        "feed=badge",
        "subscribe",
        "retainer=1&year=2027",
        "as=csv",
        "as=pdf",
        "feed=xml",
    ]
    waiting = [f"{link.path}?{query}" for query in queries]
    told: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        if path in told:
            continue
        answer = carl.get(path)
        # What was searched for stands in its own field, as it was typed.
        told[path] = answer.content.decode(errors="replace").replace('value="canary"', "")
        base = path.partition("?")[0]
        for found in re.findall(r'(?:href|action|src)="([^"#]+)"', told[path]):
            found = found.replace("&amp;", "&")
            address = base + found if found.startswith("?") else found
            if address.startswith(("/r/", "/s/", "/d/", "/look/")):
                waiting.append(address)
    return told
