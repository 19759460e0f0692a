"""The time worked, where another time counts: hidden where a link hides it, and no start for
anybody.
"""

from datetime import time

import pytest
import time_machine

from hourtab.core.amounts import Rounding
from hourtab.retainers.models import Retainer, WeightRule
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import change_link, share
from tests.builders import NOW, a_retainer, log

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    """1:25 at 200 %, begun at 22:17, rounded to 15 minutes: it counts as three hours."""
    retainer = a_retainer(
        northlight, starts="2027-06-01", rounding=Rounding(900), categories=("Calls",)
    )
    WeightRule.objects.create(retainer=retainer, name="Nights", percent=200, is_after_hours=True)
    log(
        retainer,
        "2027-06-18",
        "1:25",
        "Call",
        started=time(22, 17),
        weight=200,
        weighted_by="Nights",
        category="Calls",
    )
    return retainer


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None)


FORMS = (
    "?page=1",
    "?q=call",
    "?year=2027",
    "?all",
    "?as=json",
    "?as=csv",
    "?year=2027&as=csv",
    "?all&as=csv",
)


def told(carl, link: ShareLink, form: str) -> str:
    answer = carl.get(link.path + form)
    assert answer.status_code == 200, form
    return answer.content.decode().replace("\u00a0", " ")


@pytest.mark.parametrize("form", FORMS)
def test_the_time_worked_is_nowhere_where_the_link_hides_it(carl, link, form) -> None:
    change_link(link, shows_worked=False)
    said = told(carl, link, form)
    for worked in ("1 h 25 m", "1:25", "5100", "1 h 30 m", "1:30", "5400"):
        assert worked not in said, worked
    assert any(counted in said for counted in ("3 h", "3:00", "10800"))


@pytest.mark.parametrize("form", FORMS)
def test_no_line_tells_the_rate_it_counts_at_where_the_time_worked_would_follow_from_it(
    carl, link, form
) -> None:
    change_link(link, shows_worked=False)
    said = told(carl, link, form)
    assert "200 %:" not in said
    assert ">200 %<" not in said
    assert "of the time worked" not in said


@pytest.mark.parametrize("shows_worked", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_no_line_tells_when_its_work_began(carl, link, form, shows_worked) -> None:
    change_link(link, shows_worked=shows_worked)
    said = told(carl, link, form)
    assert "22:17" not in said
    assert "10:17" not in said
    assert "Friday," not in said


def test_a_link_that_shows_the_time_worked_says_why_it_counts_double(carl, link) -> None:
    said = told(carl, link, "?as=json")
    assert "200 %: Nights. Counts at 200 % of the time worked." in said
    assert "1 h 25 m" in told(carl, link, "?year=2027")


def test_the_provider_goes_on_seeing_when_it_began(ada, retainer) -> None:
    said = ada.get(f"/retainers/{retainer.ref}/").content.decode()
    assert "22:17" in said
