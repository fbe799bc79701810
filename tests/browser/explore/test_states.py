"""What the page says when things do not go as hoped, and when somebody means harm."""

import json

from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, ask, baseline_badge, no_sideways_scroll, wait_done

HOSTILE = """<img src=x onerror="document.title='owned'"></b><script>document.title='owned'</script>{{7*7}}"""


def test_hostile_markup_in_prompt_title_and_note_is_text(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    ask(page, f"What sport does {HOSTILE} play?")
    assert page.locator("main script, main img").count() == 0
    page.locator("#tokens button", has_text="Table").click()
    page.click("#share")
    page.fill("#share-title", HOSTILE)
    page.fill("#share-note", HOSTILE)
    page.get_by_role("button", name="Make it public").click()
    other = open_page(page.locator("#share-link").input_value())
    expect(other.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(other.locator(".words-note p")).to_have_text(HOSTILE)
    expect(other.locator(".strip .cell").first).to_be_visible()
    assert other.locator("main script, main img").count() == 0
    assert "owned" not in (page.title(), other.title())


def test_a_prompt_that_is_too_long_is_refused_in_three_parts_and_the_next_one_runs(explore: Page) -> None:
    page = explore
    page.fill("#prompt", "player " * 1100)
    page.press("#prompt", "Enter")
    notice = page.locator("#notice")
    expect(notice).to_contain_text("Not run")
    assert notice.inner_text().count(".") >= 3
    ask(page, BATKIN)
    expect(notice).to_be_hidden()
    expect(baseline_badge(page)).to_be_visible()


def test_stopping_keeps_what_arrived_and_says_how_much(explore: Page) -> None:
    page = explore
    # The connection is held after the first frames, so that there is something to stop.
    page.evaluate(
        """() => {
          const real = window.fetch;
          window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (!url.startsWith("/api/runs?")) return answer;
            const lines = (await answer.text()).split("\\n").slice(0, 4).join("\\n") + "\\n";
            const body = new ReadableStream({
              start(controller) {
                controller.enqueue(new TextEncoder().encode(lines));
                options.signal.addEventListener("abort", () => controller.error(options.signal.reason));
              },
            });
            return new Response(body, { headers: answer.headers });
          };
        }"""
    )
    page.fill("#prompt", BATKIN)
    page.press("#prompt", "Enter")
    expect(page.locator("#claim")).to_contain_text("0 of")  # the prompt pass is here
    expect(page.locator("#run")).to_contain_text("Stop")
    page.press("#prompt", "Escape")
    expect(page.locator("#notice")).to_contain_text("This run was stopped")
    expect(page.locator("#notice")).to_contain_text("What arrived stays")
    expect(page.locator(".strip .in-entity").first).to_be_visible()
    expect(page.locator("#run")).to_contain_text("Run")
    expect(page.locator("#share")).to_be_disabled()


def test_a_run_that_waits_for_memory_says_its_place(explore: Page) -> None:
    page = explore
    expect(page.locator("#status")).to_contain_text("ready")
    # The worker has memory for everybody here, so its queue is acted.
    page.evaluate(
        """() => {
          const real = window.fetch;
          window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (!url.startsWith("/api/runs?")) return answer;
            const [start, prompt, ...rest] = (await answer.text()).split("\\n");
            const queued = JSON.stringify({ kind: "queued", seq: 1, place: 2 });
            const send = (lines) => new TextEncoder().encode(lines.join("\\n") + "\\n");
            const body = new ReadableStream({
              start(controller) {
                controller.enqueue(send([start, queued]));
                window.memoryIsFree = () => controller.enqueue(send([prompt]));
                window.goOn = () => {
                  controller.enqueue(send(rest));
                  controller.close();
                };
              },
            });
            return new Response(body, { headers: answer.headers });
          };
        }"""
    )
    page.fill("#prompt", BATKIN)
    page.press("#prompt", "Enter")
    expect(page.locator("#status")).to_have_text("Waiting for memory: place 2 in the queue")
    expect(page.locator("#run")).to_contain_text("Stop")
    expect(page.locator("#notice")).to_contain_text("Your prompt is at place 2 in the queue, and starts by itself.")
    expect(page.locator(".answer .verdict").first).to_have_text("waiting for memory, place 2")
    page.set_viewport_size({"width": 375, "height": 800})
    assert no_sideways_scroll(page)
    page.evaluate("window.memoryIsFree()")
    expect(page.locator("#status")).not_to_contain_text("Waiting")
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#run")).to_contain_text("Stop")
    page.fill("#prompt", f"{BATKIN} Please")  # who types another question wants its answer, not an end
    expect(page.locator("#run")).to_contain_text("Run")
    page.fill("#prompt", BATKIN)
    expect(page.locator("#run")).to_contain_text("Stop")
    page.evaluate("window.goOn()")
    wait_done(page)


def test_a_newer_run_replaces_the_older_without_a_word(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    page.evaluate(
        """() => {
          const notice = document.getElementById("notice");
          window.said = [];
          new MutationObserver(() => window.said.push(notice.innerText)).observe(notice, { childList: true });
        }"""
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    for prompt in ("Who is Karl Batkin?", "Who is Michael Jordan?", BATKIN):
        page.fill("#prompt", prompt)
        page.press("#prompt", "Enter")
    wait_done(page)
    expect(baseline_badge(page)).to_be_visible()
    expect(page.locator("#notice")).to_be_hidden()
    assert page.evaluate("window.said.filter(Boolean)") == []
    assert len(asked) == 3 and len(set(asked)) == 1 and "/api/runs?page=" in asked[0]
    twin = open_page("about:blank")
    with twin.expect_request(lambda request: "/api/runs?" in request.url) as other:
        twin.goto(app.url)
    assert other.value.url != asked[0], "another tab is another page"
    wait_done(twin)


def test_a_connection_that_is_cut_says_so_and_offers_to_run_again(explore: Page) -> None:
    page = explore
    page.evaluate(
        """() => {
          const real = window.fetch;
          window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (!url.startsWith("/api/runs?")) return answer;
            window.fetch = real;
            return new Response((await answer.text()).split("\\n").slice(0, 5).join("\\n") + "\\n");
          };
        }"""
    )
    page.fill("#prompt", BATKIN)
    page.press("#prompt", "Enter")
    expect(page.locator("#notice")).to_contain_text("The connection was cut")
    page.get_by_role("button", name="Run again").click()
    wait_done(page)
    expect(page.locator("#notice")).to_be_hidden()


# Ends every stream after its first frames, when told to: with one more line, or as a network that goes away.
ENDS_EARLY = """
(last) => {
  const real = window.realFetch;
  window.fetch = async (url, options) => {
    const answer = await real(url, options);
    if (!url.startsWith("/api/runs?")) return answer;
    const lines = (await answer.text()).split("\\n").slice(0, 8);
    const body = new ReadableStream({
      start(controller) {
        const send = (line) => controller.enqueue(new TextEncoder().encode(line + "\\n"));
        lines.forEach(send);
        window.endStream = () => {
          if (last) send(last), controller.close();
          else controller.error(new TypeError("network error"));
        };
      },
    });
    return new Response(body, { headers: answer.headers });
  };
}
"""


# As the browser says it; a network that is really gone would be logged as an error by Chromium itself.
ONLINE = """
(is) => {
  Object.defineProperty(navigator, "onLine", { value: is, configurable: true });
  dispatchEvent(new Event(is ? "online" : "offline"));
}
"""


def test_a_network_that_goes_away_mid_stream_is_said_without_moving_a_thing_and_resumes_by_itself(
    explore: Page,
) -> None:
    page = explore
    page.evaluate(ENDS_EARLY, None)
    page.fill("#prompt", "What sport does Michael Jordan play?")
    page.press("#prompt", "Enter")
    expect(page.locator("#claim")).to_contain_text("0 of")
    places = """[...document.querySelectorAll("#answers, .answer-box, #pushes, #first")]
      .map((element) => element.getBoundingClientRect().top)"""
    before = page.evaluate(places)
    page.evaluate(ONLINE, False)
    page.evaluate("() => { window.endStream(); window.fetch = window.realFetch; }")
    notice = page.locator("#notice")
    expect(notice).to_contain_text("The connection was cut")
    expect(notice).to_contain_text(
        "What arrived stays. This browser is offline; it runs again when the network is back."
    )
    assert page.evaluate(places) == before
    assert page.locator(".answer-text").first.inner_text().strip(" …")
    page.evaluate(ONLINE, True)
    wait_done(page)
    expect(notice).to_be_hidden()
    expect(baseline_badge(page)).to_contain_text("Right")


def test_a_worker_that_is_lost_mid_run_leaves_what_arrived_and_a_way_on(explore: Page) -> None:
    page = explore
    refusal = {
        "code": "worker_lost",
        "asked": "The worker was lost before the answer was complete.",
        "allowed": "What came before this line still holds.",
        "change": "Run it again; a worker that crashed is started again by itself.",
    }  # app/runs/relay.py
    page.evaluate(ENDS_EARLY, json.dumps({"kind": "error", "seq": 99, "refusal": refusal}))
    page.fill("#prompt", BATKIN)
    page.press("#prompt", "Enter")
    expect(page.locator("#claim")).to_contain_text("0 of")
    page.evaluate("() => { window.endStream(); window.fetch = window.realFetch; }")
    notice = page.locator("#notice")
    expect(notice).to_contain_text("The worker was lost")
    assert all(part in notice.inner_text() for part in (refusal["asked"], refusal["allowed"], refusal["change"]))
    expect(page.locator(".answer .verdict").first).to_contain_text("stopped at token")
    notice.get_by_role("button", name="Close this message").click()
    expect(notice).to_be_hidden()
    ask(page, BATKIN)
    expect(baseline_badge(page)).to_contain_text("Refuses")


def test_what_stands_in_the_way_has_a_button_that_does_what_helps(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/models")
    page.evaluate(
        """async () => {
          const { channels } = await import("/static/core/store.js");
          const { newRun, ended, reduce } = await import("/static/run/run.js");
          const { notice } = await import("/static/explore/notice.js");
          const element = document.createElement("div");
          element.id = "notice";
          document.body.replaceChildren(element);
          window.pressed = [];
          const state = channels({ health: null, run: null, typed: "Who?" });
          window.type = (typed) => state.set("typed", typed);
          const press = (name) => () => pressed.push(name);
          notice(element, state, press("again"), { stop: press("stop"), shorten: press("shorten") });
          const parts = { asked: "Asked.", allowed: "Allowed.", change: "Change." };
          window.say = {
            health: (worker) => state.set("health", { worker, ready: worker === "ready", detail: "" }),
            refused: (code, status) => state.set("run", ended(newRun({}), "refused", { code, status, ...parts })),
            queued: () => {
              const frames = [{ kind: "start", arms: [] }, { kind: "queued", place: 3 }];
              state.set("run", frames.reduce(reduce, newRun({})));
            },
          };
        }"""
    )
    notice = page.locator("#notice")
    for health, said, link in (
        ("starting", "The model is loading", "Browse findings"),
        ("down", "No worker answers", "Browse findings"),
    ):
        page.evaluate("(worker) => say.health(worker)", health)
        expect(notice).to_contain_text(said)
        expect(notice.get_by_role("link", name=link)).to_have_attribute("href", "/findings")
    notice.get_by_role("button", name="Try again").click()
    page.evaluate("say.health('ready'), say.refused('prompt_too_long', 422)")
    notice.get_by_role("button", name="Shorten the prompt").click()
    page.evaluate("type('')")
    expect(notice).to_be_hidden()  # what it speaks of is gone
    page.evaluate("type('Who?'), say.refused('worker_busy', 503)")
    expect(notice).to_contain_text("Not run. Asked. Allowed. Change.")
    notice.get_by_role("button", name="Try again").click()
    page.evaluate("say.queued()")
    expect(notice).to_contain_text("place 3 in the queue")
    notice.get_by_role("button", name="Stop waiting").click()
    assert page.evaluate("pressed") == ["again", "shorten", "again", "stop"]


def test_without_a_worker_the_page_says_what_still_works(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(app_without_worker.url)
    expect(page.locator("#status")).to_contain_text("No worker answers")
    expect(page.locator("#notice")).to_contain_text("Findings still open")
    page.fill("#prompt", BATKIN)
    page.press("#prompt", "Enter")
    expect(page.locator("#prompt")).to_have_value(BATKIN)


def test_a_double_click_on_run_runs_once_and_does_not_stop_it(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    page.fill("#prompt", BATKIN)
    page.dblclick("#run")
    wait_done(page)
    expect(page.locator("#notice")).to_be_hidden()


def test_a_prompt_that_met_a_dead_worker_runs_when_it_is_back(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, allow=(503,))
    wait_done(page)
    app.kill_worker()
    page.fill("#prompt", "What sport does Michael Jordan play?")
    page.press("#prompt", "Enter")
    expect(page.locator("#notice")).to_be_visible()
    expect(baseline_badge(page)).to_contain_text("Right", timeout=60_000)
    wait_done(page)


def test_a_link_to_nothing_says_so_and_what_to_do(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/f/nosuchslug", allow=(404,))
    expect(page).to_have_title("404 · Hallucinoscope")
    expect(page.get_by_role("heading", level=1)).to_contain_text("No finding has this link")
    page.get_by_role("link", name="Open Explore").click()
    wait_done(page)
