"""From the request to the statement: the provider asks, the approver decides on a phone, the
sponsor's open page changes by itself.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing.test_imports import by_keyboard, signed_in
from tests.browsing.test_main_job import calm, overflowing, spoken, violations, watched
from tests.mailbox import smtp_peer, text_of

PHONE = {"width": 390, "height": 844}


def test_a_request_is_mailed_approved_on_a_phone_and_covers_what_goes_beyond(
    installation, chromium: Browser
) -> None:
    demo = installation.json("demo")
    today = datetime.now(UTC).date()
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    ref, token = installation.open("Acme", "20", month.isoformat())
    installation.run("log", f"Go-live week, 22h @{ref} {month.isoformat()}")
    installation.run("log", f"Hypercare, 19h @{ref} {today.replace(day=1).isoformat()}")
    with smtp_peer() as (box, url):
        installation.environment["EMAIL_URL"] = url
        with installation.serve() as site:
            provider = watched(
                chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
            )
            sponsor = watched(
                chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
            )
            sponsor.goto(f"{site}/r/{token}")
            signed_in(provider, site, demo)
            provider.goto(f"{site}/retainers/{ref}/")
            provider.click("text=Ask for more hours")
            provider.fill("[name=amount]", "8")
            provider.fill("[name=reason]", "Go-live: three vendors in one week")
            provider.fill("[name=rate]", "250")
            provider.fill("[name=starts_on]", month.isoformat())
            provider.fill("[name=new_name]", "Carl Meyer")
            provider.fill("[name=new_email]", "carl@acme.example")
            provider.click("text=Send the request")
            expect(provider.locator("[role=status]")).to_contain_text(
                "Carl Meyer has a mail with the link to decide."
            )
            expect(sponsor.locator(".waiting")).to_contain_text("Waiting for approval")
            asks = next(
                mail
                for mail in map(box.wait_for, range(1, 20))
                if mail["To"] == "carl@acme.example"
            )
            path = re.search(r"/a/\S+", text_of(asks))[0]

            phone = watched(chromium.new_page(viewport=PHONE, locale="en-GB", has_touch=True))
            phone.goto(site + path)
            assert violations(phone) + overflowing(phone) == []
            phone.fill("[name=amount]", "5")
            phone.press("[name=amount]", "Enter")
            expect(phone.locator("[role=alert]")).to_contain_text("Choose one of the buttons")
            phone.locator("button", has_text="Approve").tap()
            expect(phone.locator("[role=alert]")).to_contain_text("Type your name")
            expect(phone.locator("[name=amount]")).to_have_value("5")
            phone.goto(site + path)
            phone.fill("[name=amount]", "5")
            phone.fill("[name=name]", "Carl Meyer")
            phone.locator("button", has_text="Approve").tap()
            expect(phone.locator(".outcome")).to_contain_text("Carl Meyer approved 5 h of 8 h")
            assert violations(phone) + overflowing(phone) == []
            phone.go_back()
            expect(phone.locator(".outcome")).to_contain_text("approved 5 h of 8 h")
            expect(phone.locator("button")).to_have_count(0)

            expect(sponsor.locator(".waiting")).to_have_count(0)
            expect(sponsor.locator("main")).to_contain_text("5 h of 8 h approved on")
            installation.run("log", f"Weekend cut-over, 3h @{ref} {today.isoformat()}")
            expect(sponsor.locator(".figure__label")).to_contain_text("approved extra")
            assert "2 of 3 h approved extra" in spoken(
                sponsor.locator(".figure__label").inner_text()
            )
            sponsor.locator(".why summary").first.click()
            assert "beyond the hours, approved on" in spoken(
                sponsor.locator(".why__text").first.inner_text()
            )
            assert violations(sponsor) + overflowing(sponsor) == []

            provider.goto(f"{site}/retainers/{ref}/cycles/{month.isoformat()}/close")
            by_keyboard(provider, "Close")
            sponsor.reload()
            sponsor.click(".cycles a >> nth=0")
            expect(sponsor.locator("main")).to_contain_text("More hours")
            said = spoken(sponsor.locator("main").inner_text())
            assert "5 h of 8 h approved on" in said
            assert "2 h at £250.00: £500.00" in said
            receipts = [mail for mail in box.mails if mail["To"] == "carl@acme.example"]
            assert any("This is your receipt" in text_of(mail) for mail in receipts)
            for page in (provider, sponsor, phone):
                calm(page, but="422")
                page.close()


@pytest.mark.looks
def test_the_pages_of_requests_alerts_and_weights_are_accessible_and_need_no_script(
    installation, chromium: Browser
) -> None:
    demo = installation.json("demo")
    with installation.serve() as site:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=True
        )
        page = watched(context.new_page())
        signed_in(page, site, demo)
        page.goto(f"{site}/clients/")
        page.click("text=Fernhill Clinics")
        page.click("text=IT support")
        base = page.url
        page.goto(f"{base}requests")
        shown = page.locator("tbody a").first.get_attribute("href")
        paths = [
            "requests",
            "requests/ask",
            "requests/emergency",
            "requests/terms",
            "alerts",
            "alerts/change",
            "trail",
            "weights",
            "weights/hours",
        ]
        wrong: list[str] = []
        for width, scheme in ((1280, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            for address in [
                *(base + path for path in paths),
                site + shown,
                f"{site}{shown}/decision",
            ]:
                page.goto(address)
                wrong += violations(page) + overflowing(page)
        assert wrong == [], "\n".join(wrong)
        calm(page)
        cookies = context.cookies()
        context.close()

        plain = chromium.new_context(viewport=PHONE, java_script_enabled=False)
        plain.add_cookies(cookies)
        page = plain.new_page()
        page.goto(f"{base}weights")
        page.fill("[name=name]", "Travel")
        page.fill("[name=percent]", "50")
        page.click("text=Add the rule")
        expect(page.locator(".errorlist")).to_contain_text("Say for which kind of work")
        page.fill("[name=category]", "Travel")
        page.click("text=Add the rule")
        expect(page.locator(".moves")).to_contain_text("Travel counts at 50 %.")
        page.goto(f"{base}alerts/change")
        page.fill("[name=thresholds]", "60, 90")
        page.click("text=Save")
        expect(page.locator("main")).to_contain_text("60 %, 90 %")
        plain.close()
