"""The main job, by hand and by eye: sign up, open, import, share, log; the sponsor's page changes
by itself.
"""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.builders import TOGGL, toggl

SLUGS = (
    "executive-coaches",
    "learning-and-development-consultants",
    "it-project-managers",
    "it-providers",
)
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[str]:
    """What axe finds wrong, a line each."""
    found = Axe().run(page, options=AXE).response["violations"]
    path = page.url.partition("//")[2].partition("/")[2]
    return [
        f"/{path} {rule['id']}: {node['target']} {node['html'][:90]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


def overflowing(page: Page) -> list[str]:
    """What makes the page wider than the screen."""
    return page.evaluate("""() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        const parts = [...document.querySelectorAll("main *, header *")]
            .filter((part) => part.getBoundingClientRect().right > width + 1 && !part.closest(".scroll"))
            .slice(0, 4).map((part) => `${location.pathname} is too wide: ${part.outerHTML.slice(0, 90)}`);
        return parts.length ? parts : [`${location.pathname} is too wide`];
    }""")


def watched(page: Page) -> Page:
    """Note whatever goes wrong on the page; `calm` looks at it."""
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(f"{page.url}: {error}"))
    page.on(
        "console",
        lambda message: (
            page.problems.append(f"{page.url}: {message.text}") if message.type == "error" else None
        ),
    )
    return page


def calm(page: Page, *, but: str = "404") -> None:
    assert [problem for problem in page.problems if but not in problem] == []


def spoken(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_from_sign_up_to_the_sponsor_who_sees_the_next_hour(
    installation, chromium: Browser, tmp_path: Path
) -> None:
    week = tmp_path / "week.csv"
    row = "Mara,m@northlight.example,{},ERP,,{},Yes,{},09:00:00,{},{}:00:00,0{}:00:00,,"
    with installation.serve() as site:
        provider = watched(
            chromium.new_page(
                viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB"
            )
        )
        provider.goto(site)
        provider.click("text=Start for free >> nth=0")
        provider.fill("input[name=email]", "mara@northlight.example")
        provider.fill("input[name=password1]", "a long enough one")
        provider.fill("input[name=workspace]", "Northlight")
        assert provider.locator("select[name=zone]").input_value() == "Europe/Berlin"
        provider.click("main button:has-text('Sign Up')")
        provider.click("text=Open a retainer")
        provider.fill("input[name=client]", "Brightwater")
        provider.fill("input[name=hours]", "20")
        provider.click("text=Open it")
        address = provider.locator("input[readonly]").input_value()
        assert re.fullmatch(rf"{site}/r/[A-Za-z0-9_-]{{22}}", address)

        today = provider.evaluate(
            "new Intl.DateTimeFormat('sv-SE', {timeZone: 'Europe/Berlin'}).format(new Date())"
        )
        week.write_text(
            "\n".join(
                [
                    TOGGL,
                    row.format("Brightwater", "Interviews", today, today, 12, 3),
                    row.format("Rival", "Secret", today, today, 10, 1),
                ]
            )
        )
        provider.click("text=Import hours")
        provider.set_input_files("input[type=file]", str(week))
        provider.click("text=Look at it")
        expect(provider.locator("main")).to_contain_text("client “Rival”")
        provider.click("button:has-text('Apply')")
        expect(provider.locator("[role=status]")).to_contain_text("Applied.")
        assert "Secret" not in provider.content()

        sponsor = watched(chromium.new_page(viewport={"width": 390, "height": 800}))
        sponsor.goto(address)
        expect(sponsor.locator(".figure__number")).to_have_text("17h")
        sponsor.evaluate("window.notReloaded = true")

        provider.click("text=To the log")
        provider.fill("input[name=amount]", "1:30")
        provider.fill("textarea[name=description]", "Steering group: preparation and minutes")
        provider.click("main button:has-text('Log')")
        expect(sponsor.locator(".figure__number")).to_have_text("15h30m", timeout=5000)
        expect(sponsor.locator(".log")).to_contain_text("Steering group")
        assert sponsor.evaluate("window.notReloaded")
        assert "15 h 30 m remain" in spoken(sponsor.title())

        installation.run("log", "By another process, 30m @brightwater")
        expect(sponsor.locator(".figure__number")).to_have_text("15h", timeout=5000)
        assert sponsor.evaluate("window.notReloaded")

        provider.click("text=Links")
        provider.click("button:has-text('Revoke')")
        expect(sponsor.locator("h1")).to_have_text("This link is not active.", timeout=8000)
        calm(provider)
        calm(sponsor)
        provider.close()
        sponsor.close()


@pytest.mark.looks
def test_every_page_is_accessible_fits_a_phone_and_works_by_keyboard(
    installation, chromium: Browser, tmp_path: Path
) -> None:
    demo = installation.json("demo")
    with installation.serve() as site:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = watched(context.new_page())
        wrong: list[str] = []
        for path in (
            "/",
            "/accounts/signup/",
            "/accounts/login/",
            "/accounts/password/reset/",
            "/accounts/login/code/",
            "/nothing-here",
            *(f"/for/{slug}" for slug in SLUGS),
        ):
            page.goto(site + path)
            wrong += violations(page)
        page.goto(f"{site}/accounts/login/")
        page.focus("input[name=login]")
        page.keyboard.type(demo["email"])
        page.keyboard.press("Tab")
        page.keyboard.type(demo["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site}/")
        page.goto(f"{site}/keys")
        page.fill("input[name=name]", "Nightlyexport" * 6)  # a word longer than a phone is wide
        page.click("text=Make it")
        page.goto(site)
        page.focus("#line")
        page.keyboard.type("Call about the offsite, 30m @odell")
        page.keyboard.press("Enter")
        expect(page.locator("[role=status]")).to_contain_text("Call about the offsite")
        retainer = page.locator("tbody a").first.get_attribute("href")
        entry = page.goto(site + retainer) and page.locator(
            "a:has-text('History')"
        ).first.get_attribute("href")
        client = page.locator("main a").first.get_attribute("href")
        paths = [
            "/",
            retainer,
            f"{retainer}cycles",
            f"{retainer}terms",
            f"{retainer}links",
            f"{retainer}import",
            f"{retainer}top-up",
            f"{retainer}plan",
            f"{retainer}log",
        ]
        paths += [
            entry,
            f"{entry}/edit",
            client,
            f"{client}rename",
            "/clients/",
            "/settings",
            "/settings/members",
            "/settings/terms",
            "/settings/audit",
            "/settings/erase",
            "/keys",
            "/you",
            "/you/entries",
            "/leave",
            "/settings/mail",
            "/retainers/open",
            "/accounts/email/",
            "/accounts/password/change/",
        ]
        page.goto(f"{site}{retainer}links")
        paths.append(page.locator("a:has-text('Change what it shows')").first.get_attribute("href"))
        applied, preview, question = (
            tmp_path / name for name in ("applied.csv", "preview.csv", "question.csv")
        )
        own = page.goto(site + client) and page.locator("h1").inner_text()
        for path, of in ((applied, own), (preview, own), (question, "Somebody else")):
            path.write_bytes(
                toggl(f"06-01 09:00 1:30 A call | {of}", "06-02 09:00 1:00 Another | Rival")
            )
            page.goto(f"{site}{retainer}import")
            page.set_input_files("input[type=file]", str(path))
            page.click("text=Look at it")
            if path == applied:
                page.click("form[action$='/apply'] button")
            paths.append(page.url.removeprefix(site))
        address = "/r/" + demo["url"].rpartition("/r/")[2]
        page.goto(f"{site}/clients/")
        page.click("text=Fernhill Clinics")
        page.click("text=Security advice")
        page.click("text=Links")
        both = (
            page.locator(".linkbox", has_text="Both agreements")
            .locator("input[readonly]")
            .input_value()
            .removeprefix(site)
        )
        several = [
            both,
            f"{both}?retainer=2",
            page.locator("a:has-text('See it')").last.get_attribute("href"),
        ]
        page.goto(site + address)
        several.append(page.locator(".cycles a").first.get_attribute("href"))
        for width, scheme in ((1280, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            asked = [
                "",
                "?q=call",
                "?q=nothing+like+it",
                "?hours=40h",
                "?page=9",
                "?subscribe",
                "?check",
                "?all",
            ]
            for path in [*paths, *(address + query for query in asked), *several, "/r/" + "A" * 22]:
                page.goto(site + path)
                wrong += violations(page)
                wrong += overflowing(page)
        calm(page)
        assert wrong == [], "\n".join(wrong)
        context.close()


@pytest.mark.looks
def test_without_javascript_everything_is_there(installation, chromium: Browser) -> None:
    demo = installation.json("demo")
    address = "/r/" + demo["url"].rpartition("/r/")[2]
    with installation.serve() as site:
        with_it, without = chromium.new_context(), chromium.new_context(java_script_enabled=False)
        texts = []
        for context in (with_it, without):
            page = context.new_page()
            page.goto(site + address)
            texts.append(page.locator("main").inner_text())
        assert texts[0] == texts[1]
        assert "Work log" in texts[1]
        page.goto(f"{site}/accounts/login/")
        page.fill("input[name=login]", demo["email"])
        page.fill("input[name=password]", demo["password"])
        page.click("button:has-text('Sign In')")
        page.fill("#line", "Without a script, 30m @odell")
        page.click("button:has-text('Log')")
        expect(page.locator("[role=status]")).to_contain_text("Without a script")
        with_it.close()
        without.close()


@pytest.mark.looks
def test_printed_the_page_is_black_on_white_and_complete(installation, chromium: Browser) -> None:
    demo = installation.json("demo")
    with installation.serve() as site:
        page = chromium.new_page(color_scheme="dark")
        page.goto(site + "/r/" + demo["url"].rpartition("/r/")[2])
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "oklch(1 0 0)"
        assert page.locator(".log__line").count() >= 6
        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True))
        assert len(pages) == 1, "a month fits a page"
        page.close()
