"""What is done on a screen before it is looked at."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.visits.browser import ROOT


def send_as_it_is(selector: str, *, without: str = "") -> Callable[[Page], None]:
    """Return an act: send a form past every check of the browser, as without script."""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.evaluate(
                """([selector, without]) => {
                    const form = document.querySelector(selector);
                    if (!form) throw new Error(`no ${selector} on ${location.pathname}`);
                    if (without) form.querySelector(without).remove();
                    HTMLFormElement.prototype.submit.call(form);
                }""",
                [selector, without],
            )

    return act


def ask_for_a_code(page: Page) -> None:
    """Ask for a code, for a number that is nobody's."""
    page.goto(page.url)
    if page.locator("[name=phone]").count():
        page.locator("[name=phone]").fill("13912345678")
        page.locator(
            "form:has([name=phone]) [type=submit], form:has([name=phone]) button"
        ).last.click()


def upload_boundaries(page: Page) -> None:
    """Go on to the preview of the demo's own boundaries."""
    page.locator("input[type=file]").set_input_files(
        ROOT / "config" / "communities" / "kaiyuan-demo.geojson"
    )
    with page.expect_navigation():
        page.locator("form:has(input[type=file]) button").click()


def choose_an_emergency(page: Page) -> None:
    """Open the screen with the number to call."""
    # Kept from the visit before, it would not be chosen anew.
    page.locator("input[name=category]").first.check()
    page.locator("[data-more] summary").click()
    page.locator("input[name=category][value=FS07]").check()
    page.locator("[data-call-screen]").wait_for(state="visible")


def open_the_map(page: Page) -> None:
    """Open the built-in map."""
    page.locator("[data-map]").click()
    page.locator("[data-map-box] svg, [data-map-box] canvas").first.wait_for(state="attached")
    page.wait_for_timeout(300)


def open_the_menu(page: Page) -> None:
    """Unfold whose desk it is."""
    page.locator("[data-menu] summary").click()


def unfold_all(page: Page) -> None:
    """Open every step's form, as somebody does who compares them."""
    page.evaluate("document.querySelectorAll('main details').forEach(it => { it.open = true })")


def disagree(page: Page) -> None:
    """Go on to the form of an objection, to a decision nobody has objected to."""
    site = page.url.rsplit("/my/", 1)[0]
    page.goto(f"{site}/my/points")
    lines = page.locator("main a.card-row:has-text('KY-')").all()
    for address in [line.get_attribute("href") for line in lines]:
        page.goto(f"{site}{address}")
        link = page.locator("main a[href*='/my/points/object?']")
        if link.count():
            link.click()
            page.locator("main textarea").wait_for()
            return


def change_the_tariff(page: Page) -> None:
    """Write a next version, and see it tried on last month."""
    page.locator("[name=r1_1]").fill("12")
    page.locator("[name=cap_day]").fill("80")
    with page.expect_navigation():
        page.locator("main form:has([name=r1_1]) button").first.click()


def propose_points(page: Page) -> None:
    """Propose a grant, which then waits for somebody else."""
    page.locator("#grant summary").click()
    page.locator("#f-grant-points").fill("500")
    page.locator("#f-grant-reason").fill("冬季巡查")
    with page.expect_navigation():
        page.locator("#grant form button").click()


def follow(selector: str) -> Callable[[Page], None]:
    """Return an act: go on by a link of the page."""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.locator(selector).first.click()

    return act


def apply_with_nothing(page: Page) -> None:
    """Send the form for a card as it comes."""
    follow("main a[href$='/apply']")(page)
    send_as_it_is("form[data-apply]")(page)


def keep_the_question(page: Page) -> None:
    """Save the question that was just answered."""
    page.locator("main form[action$='/statistics/ask'] [name=title]").fill("逐月收到上报")
    with page.expect_navigation():
        page.locator("main form[method=post][action$='/statistics/ask'] button").click()
    page.locator("main .plain-list summary").first.click()
