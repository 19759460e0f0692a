"""Two workspaces: whatever belongs to one does not exist for a member of the other, and asks a
stranger to sign in.
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from hourtab.api.access import wrong_keys
from hourtab.api.services import make_key
from hourtab.clients.models import Contact
from hourtab.imports.models import Import, SourceRule
from hourtab.ledger.models import Source
from hourtab.ledger.verbs.plan import plan_work
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.overage.models import OverageTerms
from hourtab.overage.services import start_emergency
from hourtab.retainers.models import Retainer, WeightRule
from hourtab.sharing.services import share
from hourtab.team.services import invite
from tests.builders import NOW, a_retainer, log
from tests.conftest import _member

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {
    "today",
    "demo",
    "public_page",
    "public_statement",
    "robots",
    "subscription",
    "end_subscription",
    "look",
    "profession",
    "approval",
    "mute",
    "join",
    "healthz",
    "readyz",
    "metrics",
}
OF_THE_MEMBER = {
    "today",
    "log_quick_line",
    "open_retainer",
    "clients",
    "settings",
    "imports",
    "sources",
    "export_everything",
    "delete_workspace",
    "mail",
    "members",
    "leave_workspace",
    "you",
    "audit",
    "audit_csv",
    "erase_person",
    "keep_workspace",
    "default_terms",
    "own_entries",
    "keys",
}
ONLY_POST = {
    "log_quick_line",
    "add_link",
    "withdraw_entry",
    "restore_entry",
    "know_category",
    "apply_import",
    "undo_import",
    "discard_import",
    "answer_import",
    "forget_answers",
    "remove_rule",
    "raise_rule",
    "export_everything",
    "delete_workspace",
    "keep_workspace",
    "revoke_key",
    "withdraw_terms",
    "pause_cycle",
    "erase_texts",
    "rotate_link",
    "end_digests",
    "revoke_link",
    "clear_hold",
    "withdraw_request",
    "remove_member",
    "transfer_ownership",
    "withdraw_invitation",
    "switch_workspace",
    "remove_weight",
    "send_mail_again",
    "add_contact",
    "remove_contact",
}
WITH_A_KEY = {"api_log", "api_imports"}
"""What programs ask for: no session opens it."""
OF_ONESELF = {"leave_workspace", "switch_workspace"}
"""What every member may do, for themselves alone."""
GOES_BACK = {"close_cycle", "decide", "reopen_cycle", "convert_lines", "start_emergency"}
"""Pages that lead back where there is nothing to do."""
READING = {
    "today",
    "retainer",
    "retainer_cycles",
    "retainer_terms",
    "retainer_links",
    "entry_history",
    "import",
    "imports",
    "log_csv",
    "retainer_history",
    "history_csv",
    "ledger_json",
    "sources",
    "source",
    "link_qr",
    "preview_link",
    "client",
    "clients",
    "retainer_requests",
    "show_request",
    "retainer_alerts",
    "retainer_trail",
    "you",
    "trail_csv",
    "own_entries",
}


def every_url(patterns=None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield name and route of every URL of our own."""
    for pattern in patterns or get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not route.startswith("accounts/"):
                yield from every_url(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not route.startswith("accounts/"):
            yield pattern.name, route


@pytest.fixture
def paths(northlight, ada) -> dict[str, str]:
    """The address of every page, filled with what belongs to Northlight."""
    retainer = a_retainer(northlight)
    entry, link = log(retainer, "2027-06-03", "2h"), share([retainer], by=None)
    reader = link.subscriptions.create(to="carl@acme.example", asked_at=NOW, confirmed_at=NOW)
    days = {"starts_on": date(2027, 6, 24), "ends_on": date(2027, 6, 25)}
    hold = plan_work(retainer, text="Onboarding", amount=3600, by=None, now=NOW, **days)
    queue(
        northlight, Delivery.Kind.DIGEST, about=1, occasion="x", target="carl@acme.example", now=NOW
    )
    message = Delivery.objects.get()
    begin = datetime(2027, 6, 21, 19, tzinfo=UTC)
    OverageTerms.objects.create(retainer=retainer, emergency_rate=30000, emergency_ceiling=8 * 3600)
    asked = start_emergency(retainer, reason="Ransomware", began_at=begin, by=None, now=NOW)
    OverageTerms.objects.all().delete()
    weight = WeightRule.objects.create(
        retainer=retainer, name="Emergencies", percent=200, category="Emergency"
    )
    invited = invite(northlight, "dora@firm.example", "editor", None, by=None, now=NOW)
    contact = Contact.objects.create(client=retainer.client, name="Carl")
    draft = Import.objects.create(
        workspace=northlight, retainer=retainer, file_name="x.csv", file_digest="x", content=b"x"
    )
    source = Source.objects.create(workspace=northlight, tool="toggl")
    rule = SourceRule.objects.create(
        source=source, conditions={"client": ["Acme"]}, retainer=retainer
    )
    key, _secret = make_key(ada.member, "Laptop", ["log"], timedelta(days=30), now=NOW)
    fill = {
        "keys/<number:pk>": key.pk,
        "requests/<number:number>": asked.number,
        "weights/<number:pk>": weight.pk,
        "a/<str:token>": "A" * 22,
        "join/<str:token>": "A" * 22,
        "members/<number:pk>": ada.member.pk,
        "invitations/<number:pk>": invited.pk,
        "workspaces/<number:pk>": northlight.pk,
        "m/<str:token>": "A" * 22,
        "sources/<number:pk>": source.pk,
        "rules/<number:pk>": rule.pk,
        "retainers/<slug:ref>": retainer.ref,
        "imports/<slug:ref>": draft.ref,
        "entries/<number:pk>": entry.pk,
        "links/<number:pk>": link.pk,
        "subscriptions/<number:subscription>": reader.pk,
        "terms/<str:on>": "2027-06-01",
        "cycles/<str:on>": "2027-06-01",
        "clients/<number:pk>": retainer.client_id,
        "contacts/<number:pk>": contact.pk,
        "r/<str:token>": link.token,
        "s/<str:address>": "1-1-1-" + "A" * 22,
        "d/<str:token>": "A" * 22,
        "settings/mail/<number:pk>": message.pk,
        "plan/<number:pk>": hold.pk,
        "for/<slug:slug>": "it-providers",
    }
    found = {}
    for name, route in every_url():
        for place, value in fill.items():
            route = route.replace(place, re.sub("<.*>", str(value), place))
        route = route.replace(r"^look/(?P<colour>[0-9a-f]{6})\.css$", "look/2f5d50.css")
        assert "<" not in route, f"say in `fill` what {route} is filled with"
        found[name] = f"/{route}"
    return found


def test_a_member_of_another_workspace_finds_nothing(paths, olga) -> None:
    for name, path in paths.items():
        if name in OPEN_TO_ALL | OF_THE_MEMBER | WITH_A_KEY:
            continue
        for answer in (olga.get(path), olga.post(path, {"name": "x"})):
            assert answer.status_code == 404, (name, answer.status_code)
    for name in OF_THE_MEMBER - {
        "log_quick_line",
        "export_everything",
        "delete_workspace",
        "keep_workspace",
    }:
        page = olga.get(paths[name]).getvalue()
        assert b"Acme" not in page, name
        assert b"Northlight" not in page, name


def test_nobody_signed_in_is_asked_to_sign_in(paths, carl) -> None:
    for name, path in paths.items():
        if name in OPEN_TO_ALL:
            continue
        if name in WITH_A_KEY:
            assert (carl.get(path).status_code, carl.post(path).status_code) == (405, 401)
            continue
        for answer in (carl.get(path), carl.post(path)):
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/accounts/login/?next="), name


def test_an_action_is_never_done_by_get(paths, ada) -> None:
    for name in ONLY_POST:
        assert ada.get(paths[name]).status_code == 405, name


def test_a_reader_reads_and_changes_nothing(paths, ria) -> None:
    before = Retainer.objects.values().get()
    for name, path in paths.items():
        if name in (OPEN_TO_ALL | OF_ONESELF | WITH_A_KEY) - {"today"}:
            continue
        if name in READING:
            assert ria.get(path).status_code == 200, name
        else:
            assert ria.post(path).status_code == 403, name
    assert Retainer.objects.values().get() == before


def test_an_editor_edits_but_does_not_change_the_workspace(paths, ben) -> None:
    assert ben.get(paths["settings"]).status_code == 403
    assert ben.get(paths["edit_entry"]).status_code == 200


def test_every_page_opens_for_its_owner(paths, ada) -> None:
    for name, path in paths.items():
        if name not in ONLY_POST | WITH_A_KEY | {
            "metrics",
            "demo",
            "public_statement",
            "subscription",
            "end_subscription",
            "approval",
            "mute",
            "join",
        }:
            assert ada.get(path).status_code == (302 if name in GOES_BACK else 200), name


def test_an_entry_of_another_retainer_of_the_same_workspace_is_not_found_under_this_one(
    northlight, ada
) -> None:
    one, other = a_retainer(northlight, "One"), a_retainer(northlight, "Other")
    entry = log(other, "2027-06-03", "2h")
    assert ada.get(f"/retainers/{one.ref}/entries/{entry.pk}/edit").status_code == 404


TABLE = Path(__file__).parent.parent / "docs/access.md"
HEAD = """# Who may do what

Every address, for everybody there is: signed out, an owner of another workspace, a viewer, a member limited to another client, an editor, the owner. A test asks them all and compares with
this table. `in` leads to the sign-in page, `–` is not found (404), `no` is refused (403), `ok` answers, `on` leads on, `not taken` that the other method is (405), `key` that a key is asked for (401).
Statements, subscriptions, decisions, mutes and invitations (`s/`, `d/`, `a/`, `m/`, `join/`) are asked for here with a token that is none.

| address | method | signed out | elsewhere | viewer | limited | editor | owner |
|---|---|---|---|---|---|---|---|
"""


def said(status: int, location: str) -> str:
    if status == 302:
        return "in" if location.startswith("/accounts/login/") else "on"
    return {404: "–", 403: "no", 405: "not taken", 401: "key"}.get(
        status, "ok" if status in (200, 303, 422) else str(status)
    )


def test_every_address_answers_everybody_as_the_table_says(
    paths, northlight, ada, ben, ria, olga, carl
) -> None:
    other = a_retainer(northlight, "Another client")
    dora = _member(northlight, "dora", "editor")
    dora.member.is_limited = True
    dora.member.save()
    dora.member.access.create(client=other.client)
    people = (carl, olga, ria, dora, ben, ada)
    routes = dict(every_url())
    lines = []
    for name, route in sorted(routes.items(), key=lambda item: item[1]):
        for method in ("get", "post"):
            answers = []
            for person in people:
                wrong_keys.seen.clear()
                key = person.cookies["session"].value if "session" in person.cookies else ""
                try:
                    with transaction.atomic():
                        answer = getattr(person, method)(paths[name])
                        answers.append(said(answer.status_code, answer.headers.get("Location", "")))
                        raise _Undone
                except _Undone:
                    if key:
                        person.cookies["session"] = key
            shown = re.sub(r"<\w+:", "<", route) if name != "look" else "look/<colour>.css"
            lines.append(f"| `/{shown}` | {method.upper()} | {' | '.join(answers)} |")
    table = HEAD + "\n".join(lines) + "\n"
    if os.environ.get("HOURTAB_WRITE_TABLE"):
        TABLE.write_text(table)
    assert table == TABLE.read_text(), (
        "a change of who may do what: HOURTAB_WRITE_TABLE=yes writes the table anew; read it before you keep it"
    )


class _Undone(Exception):
    """What the request did is taken back."""
