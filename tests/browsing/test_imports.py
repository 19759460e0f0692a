"""Importing by hand: drop a file, answer its question, correct a column, apply, undo; by keyboard,
and without scripts.
"""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing.test_main_job import calm, overflowing, violations, watched
from tests.builders import TOGGL

pytestmark = pytest.mark.looks

QUESTION = "Wann;Kunde;Dauer;Thema;Langtext\n03/06/2026;Acme;1:30;Anruf;Vorbereitung der Sitzung\n05/06/2026;Acme;0:45;Notiz;Protokoll\n"


def signed_in(page: Page, site: str, who: dict) -> None:
    page.goto(f"{site}/accounts/login/")
    page.fill("input[name=login]", who["email"])
    page.fill("input[name=password]", who["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site}/")


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file on the form, as a hand does."""
    data = page.evaluate_handle(
        """([name, text]) => {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [name, base64.b64encode(text.encode()).decode()],
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})


def by_keyboard(page: Page, label: str, *, role: str = "button") -> None:
    """Reach something with the Tab key alone, and press it."""
    for _ in range(120):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "document.activeElement.innerText || document.activeElement.labels?.[0]?.innerText || ''"
        )
        if label in here:
            page.keyboard.press("Space" if role == "choice" else "Enter")
            return
    raise AssertionError(f"“{label}” cannot be reached with the keyboard on {page.url}")


def looked_until(page: Page, wanted: Locator) -> None:
    """Follow “Look again” until something is there, as one does without scripts."""
    again = page.locator("main a.button", has_text="Look again")
    for _ in range(120):
        expect(wanted.or_(again).first).to_be_attached()
        if wanted.count():
            return
        page.wait_for_timeout(500)
        with page.expect_navigation():
            again.click()
    raise AssertionError(f"the worker did not get to it: {page.inner_text('main')}")


def test_a_file_is_dropped_asked_about_corrected_applied_and_taken_back(
    installation, chromium: Browser
) -> None:
    demo = installation.json("demo")
    installation.run("open", "--client", "Acme", "--hours", "20", "--start", "2026-06-01")
    with installation.serve() as site:
        page = watched(chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB"))
        signed_in(page, site, demo)
        wrong: list[str] = []
        page.goto(f"{site}/imports/")
        wrong += violations(page)
        drop(page, "juni.csv", QUESTION)

        expect(page.locator("legend")).to_contain_text("Which column holds the day of the work?")
        wrong += violations(page) + overflowing(page)
        by_keyboard(page, "Wann", role="choice")
        by_keyboard(page, "Go on")
        expect(page.locator("legend")).to_contain_text("which comes first")
        by_keyboard(page, "the day, then the month", role="choice")
        by_keyboard(page, "Go on")

        expect(page.locator("main")).to_contain_text("3 June")
        page.select_option("select[name='column.description']", "Langtext")
        page.focus("select[name='column.description']")
        by_keyboard(page, "Read it like this")
        expect(page.locator("main")).to_contain_text("Vorbereitung der Sitzung")
        wrong += violations(page)
        by_keyboard(page, "Apply")
        expect(page.locator("[role=status]")).to_contain_text("Applied.")
        wrong += violations(page)
        by_keyboard(page, "Undo this import")
        expect(page.locator("[role=status]")).to_contain_text("Taken back.")

        page.goto(f"{site}/sources/")
        wrong += violations(page)
        page.click("ul.moves a >> nth=0")
        expect(page.locator("main")).to_contain_text("Langtext")
        wrong += violations(page)
        page.click("text=Add a rule")
        wrong += violations(page)
        page.set_viewport_size({"width": 320, "height": 700})
        wrong += overflowing(page)
        for path in ("/imports/", "/sources/"):
            page.goto(site + path)
            wrong += overflowing(page)
        page.go_back()
        assert wrong == []
        calm(page)
        page.close()


def test_without_scripts_a_long_file_is_chosen_waited_for_applied_and_taken_back(
    installation, chromium: Browser, tmp_path: Path
) -> None:
    demo = installation.json("demo")
    installation.run("open", "--client", "Acme", "--hours", "20", "--start", "2026-06-01")
    rows = (
        f"Mara,m@x.example,Acme,P,,Line {i},Yes,2026-06-{i % 20 + 1:02d},09:00:00,,,00:06:00,,"
        for i in range(5_500)
    )
    path = tmp_path / "long.csv"
    path.write_text("\n".join([TOGGL, *rows]))
    with installation.serve() as site:
        context = chromium.new_context(
            java_script_enabled=False, viewport={"width": 360, "height": 800}
        )
        page = context.new_page()
        signed_in(page, site, demo)
        page.goto(f"{site}/imports/")
        page.set_input_files("input[type=file]", str(path))
        page.click("text=Look at it")
        for button in ("Apply", "Undo this import"):
            wanted = page.locator(f"main button:has-text('{button}')")
            looked_until(page, wanted)
            with page.expect_navigation():
                wanted.last.click()
        undone = page.locator("main", has_text="undone")
        looked_until(page, undone)
        expect(undone).to_be_visible()
        context.close()
        assert installation.json("verify")["findings"] == {}
