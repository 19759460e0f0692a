"""Pages of long lists."""

import pytest

from hourtab.lib.paging import Page, number_of


@pytest.mark.parametrize("said", ["", "0", "-1", "1.5", "x", "٣", "²", "9" * 7, "\x00"])
def test_what_is_no_page_is_the_first(said) -> None:
    assert Page.asked({"page": said}, 100).number == 1


def test_a_page_reads_one_row_more_than_it_shows_to_know_whether_another_follows() -> None:
    page = Page.asked({"page": "3"}, 10)
    assert (page.offset, page.limit) == (20, 11)
    assert page.shown(range(11)) == range(10)
    assert page.has_more(range(11))
    assert not page.has_more(range(10))


def test_the_last_page_that_is_offered_has_none_after_it() -> None:
    page = Page.asked({"page": "999"}, 10, most=200)
    assert page.number == 200
    assert not page.has_more(range(11))


def test_a_number_of_an_address_is_whole_and_short() -> None:
    assert [number_of(text) for text in ("12", "", "1e3", "١٢", "1234567")] == [
        12,
        None,
        None,
        None,
        None,
    ]
