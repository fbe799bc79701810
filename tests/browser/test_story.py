"""The whole way once, as somebody would walk it."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import BATKIN, App, OpenPage, ask, baseline_badge, share, steered_badge, wait_done


def test_a_typed_question_is_refused_then_pushed_into_an_invention_then_shared(
    app: App, app_without_worker: App, open_page: OpenPage
) -> None:
    page = open_page(app.url)
    wait_done(page)  # alive at once: the example ran
    ask(page, BATKIN)
    expect(baseline_badge(page)).to_contain_text("Refuses")

    # The unknown-entity latent fires on the name's last token, and nowhere more.
    page.locator(".colours label:has(.mark-unknown)").first.click()
    last = page.locator(".strip .in-entity").last
    assert float(last.get_attribute("data-value")) > 0
    values = [float(v) for v in page.locator(".strip .cell").evaluate_all("all => all.map(c => c.dataset.value || 0)")]
    assert float(last.get_attribute("data-value")) == max(values)
    assert re.search(r"unknown", last.locator("button").get_attribute("aria-label"), re.IGNORECASE)

    # Drag "known entity" to the right, until the badge says invented.
    slider = page.locator(".direction-known input").first
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    at = page.locator(".direction-known .filled").first.bounding_box()["x"]
    page.mouse.move(at, middle)
    page.mouse.down()
    while at < box["x"] + box["width"]:
        at += 6
        page.mouse.move(at, middle)
        if steered_badge(page).count() and "Invents" in steered_badge(page).inner_text():
            break
    page.mouse.up()
    expect(steered_badge(page)).to_contain_text("Invents")
    expect(page.locator("#claim")).to_contain_text("stops refusing and invents a fact")
    expect(page.locator("#claim")).to_contain_text(re.compile(r"(None|All|\d+)( of)? \d+ random pushes of that size"))
    invented = page.locator(".answer-text").nth(1).inner_text()
    strength = page.locator(".answer:last-child .strength").inner_text()

    slug = share(page, "A made-up player gets a sport", "One prompt.\nNo rate.")

    # Another browser, another server process, no worker: the finding opens from its recording.
    other = open_page(f"{app_without_worker.url}/f/{slug}")
    expect(other.get_by_role("heading", level=1)).to_have_text("A made-up player gets a sport")
    expect(baseline_badge(other)).to_contain_text("Refuses")
    expect(steered_badge(other)).to_contain_text("Invents")
    expect(other.locator(".answer-text").nth(1)).to_have_text(invented)
    expect(other.locator(".plot .scatterlayer")).to_be_attached()
    expect(other.locator(".answer:last-child .strength")).to_have_text(strength)
    expect(other.locator("#status")).to_contain_text("No worker answers")
    slider = other.locator(".direction input").first
    slider.focus()
    slider.press("End")
    expect(other.locator(".strip .cell").first).to_be_visible()

    # "Open in Explore" carries the request, so the same page opens where there is a worker.
    carried = other.locator("#open").get_attribute("href")
    again = open_page(app.url + carried)
    wait_done(again)
    expect(again.locator("#prompt")).to_have_value(BATKIN)


def test_what_can_be_seen_survives_a_reload_and_the_back_button(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    ask(page, BATKIN)
    slider = page.locator(".direction input").first
    slider.focus()
    slider.press("End")
    strength = page.locator(".answer:last-child .strength").inner_text()
    page.locator(".colours label:has(.mark-known)").first.click()
    expect(page).to_have_url(re.compile(r"#prompt=.*at=0%3A.*colour=0"))
    page.reload()
    wait_done(page)
    expect(page.locator("#prompt")).to_have_value(BATKIN)
    expect(page.locator(".answer:last-child .strength")).to_have_text(strength)
    expect(page.locator(".colours label:has(.mark-known) input").first).to_be_checked()
    ask(page, "What sport does Michael Jordan play?")
    page.go_back()
    expect(page.locator("#prompt")).to_have_value(BATKIN)
    wait_done(page)


def test_the_back_button_leads_to_the_first_question_too_which_no_address_names(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    for name in ("Babe Ruth", "Michael Jordan"):
        ask(page, f"What sport does {name} play?")
    page.go_back()
    expect(page.locator("#prompt")).to_have_value("What sport does Babe Ruth play?")
    page.go_back()
    expect(page.locator("#prompt")).to_have_value(BATKIN)
    expect(page.locator(".answer").first).to_contain_text("Refuses")
