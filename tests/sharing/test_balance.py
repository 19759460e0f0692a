"""The balance page: every part of it, in the words a sponsor reads, and nothing the link does not
show.
"""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
import time_machine

from hourtab.accounts.models import Workspace
from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.document import public
from hourtab.ledger.verbs.log import edit_entry, top_up
from hourtab.ledger.verbs.plan import plan_work
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import change_link, share
from tests.builders import NOW, a_retainer, log, toggl, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight):
    retainer = a_retainer(
        northlight, "Brightwater", "ERP programme", starts="2027-05-01", rollover=1
    )
    log(
        retainer,
        "2027-05-04",
        "15h",
        "Kick-off",
        category="Discovery",
        now=datetime(2027, 5, 4, 18, tzinfo=UTC),
    )
    for day, hours, text, category, person in (
        ("2027-06-03", "2h", "Interviews", "Discovery", "Mara"),
        ("2027-06-08", "4h", "Requirements", "Discovery", "Jon"),
        ("2027-06-15", "3h 30m", "Vendor call", "Vendor", "Jon"),
    ):
        log(retainer, day, hours, text, category=category, person=person, project="Phase 1")
    return retainer


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None)


def text_of(answer) -> str:
    html = re.sub(r"<(script|style).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").split())


def page(carl, link, query="") -> str:
    answer = carl.get(f"{link.path}{query}")
    assert answer.status_code == 200
    return text_of(answer)


def test_the_page_says_all_of_it(carl, link, retainer) -> None:
    top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=NOW)
    days = {"starts_on": date(2027, 6, 24), "ends_on": date(2027, 6, 28)}
    plan_work(retainer, text="Hypercare week", amount=6 * HOUR, by=None, now=NOW, **days)
    said = page(carl, link)
    for sentence in (
        "16 h 30 m remain. 9 h 30 m of 26 h used.",
        "Resets 1 July, in 9 days",
        "At this pace about 7 h left on 30 June, after what is planned",
        "Planned 6 h, Hypercare week",
        "Carried over 5 h for now, used first",
        "Added 1 h",
        "What the time went into by kind of work Discovery 6 h Vendor 3 h 30 m",
        "Planned Hypercare week 24–28 Jun 2027 6 h",
        "Tuesday 15 June Vendor call Vendor · 16 h 30 m left 3 h 30 m – Why? 3 h 30 m from this cycle's hours. 16 h 30 m",
        "9 h 30 m used by 22 June; an even pace would be 19 h 4 m.",
        "The agreement since 1 May 2027 20 h a month, from the 1st.",
        "Past cycles 24 h 30 m used since 1 May 2027.",
        "May 2027 15 h 20 h 5 h",
        "What if you ask for more?",
    ):
        assert sentence in said, sentence


def test_the_bar_and_the_chart_say_in_words_what_they_draw(carl, link, retainer) -> None:
    plan_work(
        retainer,
        text="Go-live",
        amount=HOUR,
        starts_on=date(2027, 6, 24),
        ends_on=date(2027, 6, 24),
        by=None,
        now=NOW,
    )
    html = carl.get(link.path + "?page=1").content.decode().replace("\u00a0", " ")
    assert (
        'aria-label="9 h 30 m of 25 h used · 15 h 30 m remain · 1 h planned · 5 h carried over"'
        in html
    )
    assert 'aria-label="9 h 30 m used by 22 June; an even pace would be 18 h 20 m."' in html
    used = re.search(r'class="burn__used" points="([^"]+)"', html)[1]
    ys = [int(point.split(",")[1]) for point in used.split()]
    assert ys[0] == 240
    assert ys == sorted(ys, reverse=True)
    assert ys[-1] == 240 - 240 * 19 // 50


def test_thin_data_makes_no_forecast(carl, northlight) -> None:
    retainer = a_retainer(northlight, "Thin", starts="2027-06-01")
    log(retainer, "2027-06-02", "5h")
    assert "At this pace" not in page(carl, share([retainer], by=None))


def test_an_empty_page_and_one_before_its_start_are_calm(carl, northlight) -> None:
    empty, later = (
        a_retainer(northlight, "A", starts="2027-06-01"),
        a_retainer(northlight, "B", starts="2027-07-01"),
    )
    said = page(carl, share([empty], by=None))
    assert "20 h remain. 0 of 20 h used." in said
    assert "No work has been logged in this stretch yet." in said
    assert "What the time went into" not in said
    assert "Hours used, day by day" not in said
    said = page(carl, share([later], by=None))
    assert "20 h from 1 July 2027 on." in said
    assert "What if" not in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("5h", "A request for 5 h would leave 10 h 30 m."),
        ("15.5", "A request for 15 h 30 m would leave 0 h."),
        (
            "18h 30m",
            "A request for 18 h 30 m would go 3 h over. It fits after the reset on 1 July, in 9 days.",
        ),
        (
            "50",
            "would go 34 h 30 m over. After the reset on 1 July, in 9 days, there are 35 h 30 m.",
        ),
        ("soon", "Write how many hours, for example 15h or 2:30."),
        ("0", "Write how many hours, for example 15h or 2:30."),
        ("-3h", "Write how many hours"),
    ],
)
def test_what_if_answers_and_stores_nothing(carl, link, asked, said) -> None:
    before = ShareLink.objects.values().get()
    assert said in page(carl, link, f"?hours={asked}")
    assert ShareLink.objects.values().get() == before


def test_planned_work_counts_in_what_if(carl, link, retainer) -> None:
    plan_work(
        retainer,
        text="X",
        amount=10 * HOUR,
        starts_on=date(2027, 6, 24),
        ends_on=date(2027, 6, 24),
        by=None,
        now=NOW,
    )
    assert "would leave 30 m, with what is planned taken off." in page(carl, link, "?hours=5h")
    assert "would go 30 m over, with what is planned. It fits after the reset" in page(
        carl, link, "?hours=6h"
    )
    log(retainer, "2027-06-17", "20h", "Crisis")
    assert "A request for 2 h would go 16 h 30 m over, with what is planned." in page(
        carl, link, "?hours=2h"
    )


def test_a_search_finds_in_all_cycles_what_the_link_shows_and_only_that(
    carl, link, retainer
) -> None:
    assert "1 line, 15 h." in page(carl, link, "?q=kick")
    assert "3 lines, 21 h." in page(carl, link, "?q=discovery")
    assert "1 line, 4 h." in page(carl, link, "?q=discovery REQ")
    assert "0 lines" in page(carl, link, "?q=Mara"), "people are not shown, so they cannot be found"
    assert "0 lines" in page(carl, link, "?q=Phase"), "projects are not shown"
    change_link(link, shows_people=True)
    assert "1 line, 2 h." in page(carl, link, "?q=MARA")
    change_link(link, shows_descriptions=False, shows_past=False)
    assert "0 lines" in page(carl, link, "?q=Kick")
    assert "2 lines, 6 h." in page(carl, link, "?q=discovery")
    change_link(link, shows_categories=False, shows_people=False)
    assert "0 lines" in page(carl, link, "?q=o")


def test_a_search_folds_letters_beyond_ascii(carl, link, retainer) -> None:
    log(retainer, "2027-06-16", "1h", "Überblick für Ärzte")
    assert "1 line, 1 h." in page(carl, link, "?q=ÜBERBLICK ärzte")
    assert "0 lines" in page(carl, link, "?q=%25")


def test_the_split_follows_what_the_link_shows(carl, link, retainer) -> None:
    log(retainer, "2027-06-16", "14h", "Office move", category="Move", scope="project")
    log(retainer, "2027-06-17", "30m", "Quick look", category="Advice", scope="courtesy")
    said = page(carl, link)
    assert "Advice no charge 30 m" in said
    assert "Move" not in said
    change_link(link, shows_projects=True)
    assert (
        "Discovery included 6 h Vendor included 3 h 30 m Advice no charge 30 m Move billed as project 14 h"
        in page(carl, link)
    )
    change_link(link, shows_courtesy=False, shows_projects=False)
    said = page(carl, link)
    assert "Advice" not in said
    assert "Quick look" not in said
    change_link(link, splits_by="project")
    assert "by project Phase 1 9 h 30 m" in page(carl, link)
    change_link(link, splits_by="person")
    assert "Jon" not in page(carl, link), "a split never names what the link hides"
    change_link(link, shows_people=True)
    assert "by person Jon 7 h 30 m Mara 2 h" in page(carl, link)
    change_link(link, splits_by="")
    assert "What the time went into" not in page(carl, link)


def test_every_option_takes_its_part_away_from_page_document_and_files(
    carl, link, retainer, northlight
) -> None:
    rounded = a_retainer(
        northlight, "Brightwater", "Rounded", starts="2027-06-01", rounding=Rounding(900)
    )
    entry = log(
        rounded, "2027-06-03", "50m", "Confidential thing", category="Secret kind", person="Mara"
    )
    edit_entry(
        entry,
        work("2027-06-03", "50m", "Confidential thing", category="Secret kind", person="Mara"),
        by=None,
        now=NOW,
        reason="Because of Smith",
    )
    own = share([rounded], by=None, shows_people=True)
    assert "50 m worked" in page(carl, own)

    def everything() -> str:
        return (
            page(carl, own)
            + json.dumps(json.loads(carl.get(f"{own.path}?as=json").content))
            + carl.get(f"{own.path}?year=2027&as=csv").content.decode()
        )

    assert all(
        text in everything()
        for text in (
            "Confidential thing",
            "Secret kind",
            "Mara",
            "Because of Smith",
            '"time": 3000',
        )
    )
    change_link(own, shows_descriptions=False)
    assert "Confidential" not in everything()
    assert "Because of Smith" not in everything()
    change_link(own, shows_categories=False)
    assert "Secret kind" not in everything()
    change_link(own, shows_people=False)
    assert "Mara" not in everything()
    change_link(own, shows_worked=False)
    assert "50 m" not in everything()
    assert '"time": 3000' not in everything()
    assert "0:50" not in everything()

    assert "May 2027 15 h 20 h" in page(carl, link)
    change_link(link, shows_past=False)
    assert "May 2027 15 h" not in page(carl, link)
    assert json.loads(carl.get(f"{link.path}?as=json").content)["sheets"][0]["past"] == []
    for query in ("?all", "?year=2027", "?year=2027&as=csv"):
        assert carl.get(link.path + query).status_code == 404
    change_link(link, shows_documents=False)
    assert "Fingerprint" not in page(carl, link)
    for query in ("?as=json", "?check"):
        assert carl.get(link.path + query).status_code == 404


def test_the_document_is_what_the_page_shows_and_adds_up(carl, link, retainer) -> None:
    days = {"starts_on": date(2027, 6, 24), "ends_on": date(2027, 6, 28)}
    plan_work(retainer, text="Hypercare week", amount=6 * HOUR, by=None, now=NOW, **days)
    answer = carl.get(f"{link.path}?as=json")
    document = json.loads(answer.content)
    digest, lines = public.check(document)
    assert lines == 3
    assert digest in page(carl, link)
    sheet = document["sheets"][0]
    assert sheet["holds"] == [
        {
            "from": "2027-06-24",
            "until": "2027-06-28",
            "time": 6 * HOUR,
            "description": "Hypercare week",
        }
    ]
    assert sheet["split"] == [
        ["retainer", "Discovery", 6 * HOUR],
        ["retainer", "Vendor", int(3.5 * HOUR)],
    ]


def test_several_retainers_stand_side_by_side_and_are_never_added_up(
    carl, link, retainer, northlight
) -> None:
    helpdesk = a_retainer(northlight, "Brightwater", "Helpdesk", hours=8, starts="2027-06-01")
    log(helpdesk, "2027-06-16", "9h", "Server down")
    both = share([retainer, helpdesk], by=None)
    said = page(carl, both)
    assert "15 h 30 m remain." in said
    assert "1 h over." in said
    assert "Vendor call" in said
    assert "Server down" not in said
    assert "28 h" not in said
    assert "18 h 30 m" not in said
    said = page(carl, both, "?retainer=2")
    assert "Server down" in said
    assert "Vendor call" not in said
    html = carl.get(f"{both.path}?retainer=2&page=2").content.decode()
    assert '<input type="hidden" name="retainer" value="2">' in html
    assert "2027" in page(carl, both, "?retainer=2&year=2027")
    assert "Server down" in page(carl, both, "?retainer=2&year=2027")
    assert page(carl, both, "?retainer=99") == page(carl, both, "?retainer=2")
    assert page(carl, both, "?retainer=x") == page(carl, both)
    document = json.loads(carl.get(f"{both.path}?as=json").content)
    assert [sheet["retainer"]["name"] for sheet in document["sheets"]] == [
        "ERP programme",
        "Helpdesk",
    ]


def test_markup_overrides_and_endless_words_are_shown_safely(carl, retainer) -> None:
    nasty = (
        "<script>alert(1)</script> \u202egnp.exe\u202c \u200bhidden\u200b </td></table> "
        + "x" * 10_000
    )
    log(retainer, "2027-06-18", "1h", nasty, category="<b>Bold</b>\u2066", person="\u202eaddA")
    link = share([retainer], by=None, shows_people=True)
    html = carl.get(f"{link.path}?page=1").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; gnp.exe hidden" in html
    assert "x" * 10_000 in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", html)
    document = carl.get(f"{link.path}?as=json").content.decode()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", document)


def test_the_colour_and_the_logo_are_the_workspaces(carl, link, northlight) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 40
    Workspace.objects.filter(pk=northlight.pk).update(colour="#FFEE00", logo=png)
    html = carl.get(f"{link.path}?page=1").content.decode()
    assert '<link rel="stylesheet" href="/look/ffee00.css">' in html
    tag = re.search(r'src="\?logo=(\w+)" alt="Northlight"', html)[1]
    answer = carl.get(f"{link.path}?logo={tag}")
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        png,
        "image/png",
        "nosniff",
    )
    assert carl.get(f"{link.path}?logo=other").status_code == 404
    sheet = carl.get("/look/ffee00.css")
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert "#ffee00" not in sheet.content.decode().partition("dark")[0], (
        "yellow cannot be read on white"
    )
    assert carl.get("/look/zzzzzz.css").status_code == 404


def test_previews_of_the_link_tell_no_figure_unless_they_may(carl, link) -> None:
    html = carl.get(f"{link.path}?page=1").content.decode()
    tags = " ".join(re.findall(r"<meta (?:property|name)=\"(?:og|twitter|description)[^>]*>", html))
    assert "Hours and work log" in tags
    assert "Northlight" in tags
    assert "Brightwater" not in tags
    assert not re.search(r"\d\s*h\b", tags)
    change_link(link, unfurls=True)
    html = carl.get(f"{link.path}?page=1").content.decode().replace("\u00a0", " ")
    assert 'property="og:description" content="9 h 30 m of 25 h used · 15 h 30 m remain"' in html


def test_nothing_public_sets_a_cookie_or_asks_a_third_party(carl, link) -> None:
    change_link(link, has_feeds=True)
    for query in (
        "?page=1",
        "?q=x",
        "?hours=3h",
        "?all",
        "?check",
        "?as=json",
        "?feed=json",
        "?feed=calendar",
        "?feed=badge",
    ):
        answer = carl.get(link.path + query)
        assert answer.status_code == 200, query
        assert not answer.cookies, query
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        if answer["Content-Type"].startswith("text/html"):
            assert not re.findall(
                r'(?:src|href|action)="(?:https?:)?//', answer.content.decode()
            ), query
            assert not re.findall(r"<[^>]+ (?:style|on\w+)=", answer.content.decode()), query


def test_the_present_cycle_is_a_file_to_keep(carl, link, retainer, northlight) -> None:
    answer = carl.get(f"{link.path}?as=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="hourtab-2027-06-22.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Work"] for row in rows] == ["Interviews", "Requirements", "Vendor call"]
    assert [row["Left after it"] for row in rows] == [
        str(int(hours * HOUR)) for hours in (23, 19, 15.5)
    ]
    assert "Who" not in rows[0]
    assert carl.get(f"{link.path}?as=pdf").content.startswith(b"%PDF-")
    helpdesk = a_retainer(northlight, "Brightwater", "Helpdesk", starts="2027-06-01")
    log(helpdesk, "2027-06-16", "1h", "=HYPERLINK(x)")
    both = share([retainer, helpdesk], by=None)
    said = carl.get(f"{both.path}?retainer=2&as=csv").content.decode()
    assert "'=HYPERLINK(x)" in said
    assert "Interviews" not in said
    change_link(link, shows_documents=False)
    for kind in ("csv", "pdf"):
        assert carl.get(f"{link.path}?as={kind}").status_code == 404
    later = share([a_retainer(northlight, "Brightwater", "Later", starts="2027-07-01")], by=None)
    assert carl.get(f"{later.path}?as=pdf").status_code == 404


def test_what_has_ended_is_not_stale(carl, northlight) -> None:
    retainer = a_retainer(northlight, "Ended", starts="2027-05-01")
    log(retainer, "2027-05-03", "4h", now=datetime(2027, 5, 4, 12, tzinfo=UTC))
    link = share([retainer], by=None)
    assert "Nothing new for 49 days." in page(carl, link)
    Retainer.objects.filter(pk=retainer.pk).update(ends_on=date(2027, 5, 31), balanced_on=None)
    said = page(carl, link)
    assert "Ended 31 May 2027" in said
    assert "Nothing new" not in said


def test_the_as_of_line_names_the_source_in_the_readers_language(carl, link, retainer) -> None:
    from tests.imports.test_series import bring_in

    bring_in(retainer.workspace, toggl("06-21 09:00 1:00 Call | Brightwater"), retainer)
    assert "As of today, 14:05 · Toggl import" in page(carl, link)
    change_link(link, locale="de-DE")
    assert "Stand: heute, 14:05 · Import aus Toggl" in page(carl, link)
