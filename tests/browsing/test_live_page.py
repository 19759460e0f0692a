"""A page that stays open: it comes to what is there now, whatever fails in between."""

from playwright.sync_api import Browser, expect

from tests.lane.test_connection import a_server


def test_a_page_that_could_not_be_had_when_it_changed_is_asked_for_again(
    installation, chromium: Browser
) -> None:
    _ref, token = installation.open("Acme", "20", "2020-01-01")
    with a_server(installation) as (site, _port, _process):
        sponsor = chromium.new_page(locale="en-GB")
        sponsor.goto(f"{site}/r/{token}")
        refused: list[int] = []

        def at_first_not(route) -> None:
            if len(refused) < 2:
                refused.append(503 if refused else 429)
                route.fulfill(status=refused[-1], body="")
            else:
                route.continue_()

        sponsor.route(f"{site}/r/{token}", at_first_not)
        installation.run("log", "Workshop notes, 45m @acme")
        expect(sponsor.locator("main")).to_contain_text("Workshop notes", timeout=20_000)
        assert refused == [429, 503]
        sponsor.close()


def test_a_page_lives_on_when_the_server_is_started_anew(installation, chromium: Browser) -> None:
    _ref, token = installation.open("Acme", "20", "2020-01-01")
    with a_server(installation) as (site, port, _process):
        sponsor = chromium.new_page(locale="en-GB")
        sponsor.goto(f"{site}/r/{token}")
        sponsor.wait_for_timeout(500)
    installation.run("log", "While nobody served, 45m @acme")
    with a_server(installation, port):
        expect(sponsor.locator("main")).to_contain_text("While nobody served", timeout=30_000)
        installation.run("log", "And after, 30m @acme")
        expect(sponsor.locator("main")).to_contain_text("And after", timeout=30_000)
    sponsor.close()
