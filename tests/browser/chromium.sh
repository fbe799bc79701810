#!/bin/sh
# Makes sure that the browser tests find a Chromium: Playwright's own where it can be
# downloaded, else the system's, else Debian's package when we may install it. The headless
# shell is Chromium without a window around the page, which spares a fifth of the time.
set -u
mark=.venv/chromium
[ -e "$mark" ] && exit 0
debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}
if timeout 300 .venv/bin/playwright install chromium >/dev/null 2>&1; then
    echo "== Chromium: Playwright's own"
elif command -v chromium-headless-shell >/dev/null || debian chromium-headless-shell 2>/dev/null; then
    echo "== Chromium: the system's headless shell"
elif command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then
    echo "== Chromium: the system's"
elif ! debian chromium; then
    echo "No Chromium: Playwright could not download its own and there is none on the PATH. Install one and try again." >&2
    exit 1
fi
touch "$mark"
