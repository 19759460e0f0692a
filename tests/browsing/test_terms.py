"""The forms of the terms by eye and by keyboard: a field that completes a choice comes with it."""

import os

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing.test_imports import signed_in
from tests.browsing.test_main_job import calm, overflowing, violations, watched

pytestmark = pytest.mark.looks


def test_what_completes_a_choice_shows_where_it_is_made_and_nothing_is_too_wide(
    installation, chromium: Browser
) -> None:
    demo = installation.json("demo")
    ref, _token = installation.open("Acme", "10", "2026-01-01")
    with installation.serve() as site:
        page = watched(chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB"))
        signed_in(page, site, demo)
        page.goto(f"{site}/retainers/{ref}/terms/change")
        page.click("summary")
        page.select_option("#id_rollover", "other")
        page.select_option("#id_rounding", "other")
        page.select_option("#id_overage", "deduct")
        for name in ("rollover_cycles", "rounding_step", "rounding_mode", "debt_max"):
            expect(page.locator(f"#id_{name}")).to_be_visible()
        wrong = []
        for width in (1280, 360):
            for scheme in ("light", "dark"):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                wrong += violations(page) + overflowing(page)
                if folder := os.environ.get("HOURTAB_SHOTS"):
                    page.screenshot(path=f"{folder}/terms-{width}-{scheme}.png", full_page=True)
        page.select_option("#id_overage", "bill")
        page.select_option("#id_rollover", "0")
        page.select_option("#id_rounding", "0")
        for name in ("rollover_cycles", "rollover_max", "rounding_step", "debt_max"):
            expect(page.locator(f"#id_{name}")).to_be_hidden()
        page.fill("#id_hours", "33")
        page.focus("#id_hours")
        page.keyboard.press("Enter")
        expect(page.locator("[role=status]").first).to_contain_text("The new terms are valid from")
        wrong += violations(page) + overflowing(page)
        if folder := os.environ.get("HOURTAB_SHOTS"):
            page.screenshot(path=f"{folder}/terms-list.png", full_page=True)
        assert wrong == []
        calm(page)
        page.close()
