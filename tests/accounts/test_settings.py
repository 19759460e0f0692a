"""What a workspace sets: its logo drawn anew, its mails, the foot of its pages, its weeks, what a
new retainer begins with.
"""

import io
import zlib
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from hourtab.accounts.models import Workspace
from hourtab.lib.pictures import PictureError, redrawn
from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
from hourtab.sharing import subscriptions
from hourtab.sharing.models import Subscription
from hourtab.sharing.services import share
from hourtab.showing.digest import queue_digests
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Northlight",
    "zone": "UTC",
    "locale": "en-GB",
    "currency": "EUR",
    "hour_format": "hm",
}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


def a_picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **more) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2f5d50").save(out, kind, **more)
    return out.getvalue()


def choose(ada, content: bytes):
    return ada.post(
        "/settings", FORM | {"logo_file": SimpleUploadedFile("logo.png", content, "image/png")}
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_nothing_but_its_pixels_is_kept(
    northlight, ada, carl, kind
) -> None:
    hidden = b"<script>alert('canary')</script>" + b"PK\x03\x04 a second file"
    assert choose(ada, a_picture(kind) + hidden).status_code == 302
    stored = bytes(Workspace.objects.get(pk=northlight.pk).logo)
    assert stored.startswith(b"\x89PNG")
    assert b"canary" not in stored
    with Image.open(io.BytesIO(stored)) as found:
        assert (found.size, found.getexif(), found.info) == ((40, 20), {}, {})
        pixel = found.convert("RGB").getpixel((5, 5))
    assert all(abs(a - b) < 6 for a, b in zip(pixel, (0x2F, 0x5D, 0x50), strict=True))
    link = share([a_retainer(northlight)], by=None)
    page = carl.get(link.path + "?page=1").content.decode()
    picture = carl.get(f"{link.path}?logo=" + page.partition("?logo=")[2][:12])
    assert (picture["Content-Type"], picture.content) == ("image/png", stored)


def test_what_a_picture_says_beside_its_pixels_is_dropped_and_a_large_one_made_smaller(
    northlight, ada
) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "canary")
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "canary"  # turned by a quarter; its description
    drawn = redrawn(a_picture("PNG", pnginfo=info))
    assert b"canary" not in drawn
    turned = redrawn(a_picture("JPEG", exif=exif))
    assert b"canary" not in turned
    with Image.open(io.BytesIO(turned)) as found:
        assert found.size == (20, 40), "upright"
    with Image.open(io.BytesIO(redrawn(a_picture("PNG", (3000, 3000))))) as found:
        assert found.size == (600, 600)
    assert b"canary" not in redrawn(
        a_picture("WEBP", save_all=True, append_images=[Image.new("RGB", (40, 20))])
    )


def a_bomb(side: int) -> bytes:
    """A PNG file of a few kB that says it has `side` × `side` pixels."""
    head = a_picture()[:16] + side.to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    return head + zlib.crc32(head[12:]).to_bytes(4) + a_picture()[33:]


@pytest.mark.parametrize(
    "content",
    [
        a_picture()[:60],
        a_picture("JPEG")[:200],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
        b"\xff\xd8\xff" + b"x" * 50,
        b"RIFF1234WEBPx",
        a_bomb(5000),
        a_bomb(20_000),
        a_bomb(2**31 - 1),
        a_picture("GIF"),
        a_picture("BMP"),
        a_picture("TIFF"),
        a_picture("ICO", (16, 16)),
    ],
)
def test_a_picture_that_is_damaged_a_bomb_or_of_another_kind_is_refused(
    northlight, ada, content
) -> None:
    with pytest.raises(PictureError):
        redrawn(content)
    answer = choose(ada, content)
    assert (answer.status_code, b"errorlist" in answer.content) == (422, True)
    assert Workspace.objects.get(pk=northlight.pk).logo is None


def test_mails_to_clients_say_who_sends_them_and_where_answers_go(
    northlight, ada, mailbox: Mailbox
) -> None:
    ada.post(
        "/settings",
        FORM | {"sender_name": "Mara of Northlight", "reply_to": "mara@northlight.example"},
    )
    northlight.refresh_from_db()
    link = share([a_retainer(northlight)], by=None)
    subscriptions.ask(link, "cfo@acme.example", "week", now=NOW)
    assert send(NOW) == 1
    mail = mailbox.mails[0]
    assert mail["From"].startswith("Mara of Northlight <hourtab@")
    assert mail["Reply-To"] == "mara@northlight.example"
    for wrong in (
        "mara@northlight.example\r\nBcc: eve@evil.example",
        "no address",
        "a@b.example, c@d.example",
    ):
        assert ada.post("/settings", FORM | {"reply_to": wrong}).status_code == 422
    Workspace.objects.filter(pk=northlight.pk).update(sender_name="Mara\r\nBcc: eve@evil.example")
    northlight.refresh_from_db()
    subscriptions.ask(link, "coo@acme.example", "week", now=NOW)
    send(NOW)
    assert mailbox.mails[1]["Bcc"] is None


def test_the_foot_of_every_public_page_leads_to_imprint_and_privacy(northlight, ada, carl) -> None:
    link = share([a_retainer(northlight)], by=None)
    before = carl.get(link.path + "?page=1").content.decode()
    assert 'class="foot' not in before
    foot = {
        "footer": "Northlight Ltd, 1 <b>Lamp</b> Lane",
        "imprint_url": "https://northlight.example/imprint",
        "privacy_url": "https://northlight.example/privacy?a=1&b=2",
    }
    assert ada.post("/settings", FORM | foot).status_code == 302
    for path in (link.path + "?page=1", link.path + "?check"):
        page = carl.get(path).content.decode()
        assert "Northlight Ltd, 1 &lt;b&gt;Lamp&lt;/b&gt; Lane" in page, path
        assert (
            '<a href="https://northlight.example/imprint" rel="noopener noreferrer">Imprint</a>'
            in page
        )
        assert "privacy?a=1&amp;b=2" in page


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example/", "no address"]
)
def test_a_legal_link_is_a_page_of_the_web(northlight, ada, address) -> None:
    answer = ada.post("/settings", FORM | {"imprint_url": address})
    assert answer.status_code == 422
    assert Workspace.objects.get(pk=northlight.pk).imprint_url == ""


def test_a_new_retainer_begins_with_the_usual_terms(northlight, ada, ben) -> None:
    usual = {
        "hours": "7h 30m",
        "cadence": "quarter",
        "rollover": "1",
        "rollover_max": "5",
        "overage": "bill",
        "rate": "180,50",
        "rounding": "15",
        "grace_days": "3",
        "stub": "prorated",
        "reset_day": "",
    }
    assert ada.post("/settings/terms", usual).status_code == 302
    page = ben.get("/retainers/open").content.decode()
    for said in (
        'value="7h 30m"',
        '<option value="quarter" selected',
        '<option value="bill" selected',
        'value="180,50"',
    ):
        assert said in page, said
    assert 'value="7h 30m"' in ada.get("/settings/terms").content.decode()
    form = usual | {"client": "Acme", "name": "Advice", "starts_on": "2027-06-01", "zone": "UTC"}
    assert ben.post("/retainers/open", form).status_code == 302
    terms = Retainer.objects.get().agreed()[0].as_core()
    assert (terms.cap, terms.cadence, terms.overage.rate, terms.grace_days) == (
        27000,
        "quarter",
        18050,
        3,
    )
    assert ada.post("/settings/terms", usual | {"hours": "many"}).status_code == 422
    assert ada.post("/settings/terms", usual | {"hours": ""}).status_code == 302
    assert ben.get("/settings/terms").status_code == 403


def test_weeks_begin_on_the_day_that_is_set(northlight, ada, mailbox: Mailbox) -> None:
    retainer = a_retainer(northlight)
    for day in ("2027-06-19", "2027-06-20", "2027-06-21"):  # Saturday, Sunday, Monday
        from hourtab.ledger.verbs import log as ledger
        from tests.builders import work

        ledger.log_time(retainer, work(day, "1h", f"Work of {day}"), by=ada.member, now=NOW)

    def sums() -> list[str]:
        page = ada.get("/you/entries").content.decode().replace("\u00a0", " ")
        return [part.partition("</span>")[0] for part in page.split("</h2><span>")[1:]]

    assert sums() == ["1 h", "2 h"], "in Britain weeks begin on Monday"
    ada.post("/settings", FORM | {"first_weekday": "6"})
    assert sums() == ["2 h", "1 h"]
    link = share([retainer], by=None)
    subscriptions.ask(link, "cfo@acme.example", "week", now=NOW - timedelta(days=14))
    subscriptions.confirm(Subscription.objects.get(), "week", now=NOW - timedelta(days=14))
    queue_digests(NOW)
    assert Delivery.objects.get(kind="digest").occasion == "week 2027-06-20"


def test_ones_own_entries_are_what_one_logged_and_did_and_nothing_else(
    northlight, ada, ben, ria
) -> None:
    from hourtab.ledger.verbs import log as ledger
    from hourtab.team.services import change_member
    from tests.builders import work

    mine, other = a_retainer(northlight), a_retainer(northlight, "Beta")
    ledger.log_time(mine, work("2027-06-03", "1h", "By Ben"), by=ben.member, now=NOW)
    log(mine, "2027-06-04", "1h", "Done by Ben, brought in", person="ben")
    log(other, "2027-06-05", "1h", "Of Beta", person="Ben")
    ledger.log_time(mine, work("2027-06-03", "1h", "By Ada"), by=ada.member, now=NOW)
    gone = ledger.log_time(mine, work("2027-06-03", "1h", "Taken out"), by=ben.member, now=NOW)
    ledger.withdraw_entry(gone, by=ben.member, now=NOW)
    page = ben.get("/you/entries").content.decode()
    assert [
        text in page for text in ("By Ben", "Done by Ben", "Of Beta", "By Ada", "Taken out")
    ] == [
        True,
        True,
        True,
        False,
        False,
    ]
    change_member(ben.member, "editor", [mine.client_id])
    assert "Of Beta" not in ben.get("/you/entries").content.decode()
    assert "Nothing yet" in ria.get("/you/entries").content.decode()
    for query in ("before=x", "before=2027-06-04", "before=9999-12-31"):
        assert ben.get(f"/you/entries?{query}").status_code == 200
