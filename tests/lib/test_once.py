"""A form that is sent twice is stored once, whatever anybody sends in between."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from hourtab.accounts.models import SentForm
from hourtab.lib import once
from hourtab.operating.jobs import forget_expired
from tests.builders import a_retainer

pytestmark = pytest.mark.django_db


def a_line(once: str, amount: str = "1h") -> dict[str, str]:
    fields = {"on": "2027-06-03", "amount": amount, "description": "Call", "scope": "retainer"}
    return fields | {"once": once}


def test_forms_of_another_workspace_push_nothing_out(northlight, ada, olga) -> None:
    retainer = a_retainer(northlight)
    path = f"/retainers/{retainer.ref}/log"
    assert ada.post(path, a_line("the same rendering")).status_code == 302
    for n in range(400):
        olga.post("/settings/members", {"to": "no address", "once": f"rendering {n}"})
    ada.post(path, a_line("the same rendering"))
    assert retainer.entries.count() == 1


def test_the_memory_of_a_member_is_bounded_and_forgets_the_oldest(
    northlight, ada, ben, monkeypatch
) -> None:
    monkeypatch.setattr(once, "MOST", 3)
    retainer = a_retainer(northlight)
    path = f"/retainers/{retainer.ref}/log"
    ben.post(path, a_line("of Ben"))
    for n in range(5):
        ada.post(path, a_line(str(n), f"{n + 1}h"))
    assert ada.member.sent_forms.count() == 3
    assert ben.member.sent_forms.count() == 1
    ada.post(path, a_line("4", "5h"))
    assert retainer.entries.count() == 6, "the latest is still known"


def test_a_form_that_broke_may_be_sent_again(ada) -> None:
    answers = [OSError("The disk is full."), HttpResponse("stored")]

    @once.once
    def store(_request) -> HttpResponse:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    request = RequestFactory().post("/store", {"amount": "1h", "once": "x"})
    request.member = ada.member
    with pytest.raises(OSError, match="disk"):
        store(request)
    assert store(request).content == b"stored"


def test_what_is_remembered_of_forms_limits_and_sessions_is_forgotten_when_it_has_expired(
    northlight, ada, carl
) -> None:
    now = timezone.now()
    SentForm.objects.create(member=ada.member, digest="old", at=now - timedelta(hours=25))
    SentForm.objects.create(member=ada.member, digest="new", at=now)
    carl.post("/accounts/login/", {"login": "nobody@nowhere.example", "password": "wrong"})
    assert rows_of_the_cache() > 0
    forget_expired(now)
    assert rows_of_the_cache() > 0, "limits that hold stay"
    forget_expired(now + timedelta(minutes=6))
    assert rows_of_the_cache() == 0
    assert list(SentForm.objects.values_list("digest", flat=True)) == ["new"]
    assert ada.get("/settings").status_code == 200
    forget_expired(now + timedelta(days=30))
    assert ada.get("/settings").status_code == 302, "nobody stays signed in for ever"


def rows_of_the_cache() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache")
        (rows,) = cursor.fetchone()
    return int(rows)
