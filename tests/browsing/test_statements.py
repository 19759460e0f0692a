"""Statements and the agreement by eye and keyboard: the provider closes and reopens, the sponsor
reads, at every width.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing.test_imports import by_keyboard, signed_in
from tests.browsing.test_main_job import calm, overflowing, spoken, violations, watched

pytestmark = pytest.mark.looks


def test_from_the_balance_to_a_statement_its_files_and_how_to_check_them(
    installation, chromium: Browser, tmp_path: Path
) -> None:
    demo = installation.json("demo")
    token = demo["url"].rpartition("/r/")[2]
    with installation.serve() as site:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-GB", accept_downloads=True
        )
        page = watched(context.new_page())
        wrong: list[str] = []
        page.goto(f"{site}/r/{token}")
        expect(page.locator(".fingerprint code")).to_have_count(1)
        shown = page.locator(".fingerprint code").inner_text()
        with page.expect_download() as waiting:
            page.click("text=the document behind it")
        file = tmp_path / "page.json"
        waiting.value.save_as(file)
        assert f"SHA-256 {shown}" in installation.run("replay", str(file))
        visited = [
            f"{site}/r/{token}?year={page.locator('.pager a').first.inner_text()}",
            f"{site}/r/{token}?all",
        ]
        page.click(".cycles a >> nth=0")
        expect(page.locator(".asof")).to_contain_text("A closed statement does not change.")
        visited.append(page.url)
        with page.expect_download() as waiting:
            page.click(".files >> text=PDF")
        pdf = tmp_path / "statement.pdf"
        waiting.value.save_as(pdf)
        assert pdf.read_bytes().startswith(b"%PDF-")
        page.click("text=how to check this")
        visited.append(page.url)
        for width, scheme in ((1280, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            for address in visited:
                page.goto(address)
                wrong += violations(page) + overflowing(page)
        assert wrong == []
        calm(page)
        context.close()


def test_the_agreement_and_the_cycles_are_changed_by_keyboard_and_without_scripts(
    installation, chromium: Browser
) -> None:
    demo = installation.json("demo")
    ref, _token = installation.open("Acme", "10", "2026-01-01")
    installation.run("log", "Call, 45m @acme 2026-01-05")
    with installation.serve() as site:
        page = watched(chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB"))
        signed_in(page, site, demo)
        base = f"{site}/retainers/{ref}"
        wrong: list[str] = []
        page.goto(f"{base}/cycles/2026-01-01/close")
        wrong += violations(page) + overflowing(page)
        by_keyboard(page, "Close")
        expect(page.locator("[role=status]")).to_contain_text("Statement 1 is closed.")
        page.goto(f"{base}/cycles/2026-01-01/reopen")
        wrong += violations(page) + overflowing(page)
        page.fill("input[name=reason]", "A look together")
        by_keyboard(page, "Write the new versions")
        expect(page.locator("[role=status]")).to_contain_text("New versions are written")
        assert "version 2" in spoken(page.inner_text("main"))
        page.goto(f"{base}/terms/change")
        page.fill("input[name=hours]", "12")
        by_keyboard(page, "Agree on these terms")
        expect(page.locator("main")).to_contain_text("Take these terms back")
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            for path in ("/cycles", "/terms", "/history", "/terms/change", "/hours", "/end", "/"):
                page.goto(base + path)
                wrong += violations(page) + overflowing(page)
            page.goto(f"{site}/settings")
            wrong += violations(page) + overflowing(page)
        assert wrong == []
        calm(page)
        page.close()

        plain = chromium.new_context(
            java_script_enabled=False, viewport={"width": 360, "height": 800}
        ).new_page()
        signed_in(plain, site, demo)
        plain.goto(f"{base}/end")
        plain.fill("input[name=ends_on]", "2099-12-31")
        plain.click("text=Show what that means")
        expect(plain.locator("main")).to_contain_text("Lapses")
        plain.click("button:has-text('End it')")
        expect(plain.locator("[role=status]")).to_contain_text("The retainer ends on")
        plain.context.close()
        assert installation.json("verify")["findings"] == {}
