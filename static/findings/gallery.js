// The gallery. The server draws every list; this only asks for it while one types, and for filters and pages without
// loading the page anew. Everything asked for is in the address.

import { drawn, Refused } from "../core/api.js";
import { $, fill, h } from "../core/dom.js";
import { channels } from "../core/store.js";
import { lookAtWorker } from "../parts/health.js";
import { workerStatus } from "../run/status.js";

const TYPING_MS = 200;

const state = channels({ health: null, run: null }); // no run here; the led asks for it
let asking = null; // AbortController of the list on its way
let typing = 0; // timer of the next search

workerStatus($("status"), state);
lookAtWorker(state);

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
$("q").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(search, TYPING_MS);
});
$("main").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || new URL(link.href).pathname !== location.pathname) return;
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    return;
  }
  event.preventDefault();
  go(link.href, { how: "pushState", from: link });
});
addEventListener("popstate", () => go(location.href, { how: null }));

function search() {
  clearTimeout(typing);
  const query = new URLSearchParams(location.search);
  query.delete("before");
  if ($("q").value.trim()) query.set("q", $("q").value.trim());
  else query.delete("q");
  go(`${location.pathname}${query.size ? `?${query}` : ""}`, { how: "replaceState" });
}

/**
 * `how` the address changes: at once, so that the next search begins from it; `from` the link that was pressed, whose
 * place the focus keeps.
 */
async function go(address, { how, from = null }) {
  clearTimeout(typing);
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  if (how) history[how](null, "", address);
  if (how !== "replaceState") $("q").value = new URLSearchParams(location.search).get("q") ?? ""; // else it is being typed
  const found = $("found");
  found.setAttribute("aria-busy", "true");
  let list;
  try {
    list = await drawn(address, "found", mine.signal);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Refused)) throw error;
    found.removeAttribute("aria-busy");
    $("notice").hidden = false;
    fill($("notice"), h("p", {}, h("b", {}, "The list did not arrive. "), error.message));
    return;
  }
  if (mine.signal.aborted) return;
  $("notice").hidden = true;
  found.replaceWith(list);
  fill($("told"), list.dataset.told);
  if (from) keepFocus(list, from);
}

// What was pressed is pressed still, or where it led begins.
function keepFocus(list, { dataset: { key, page } }) {
  if (page !== undefined) {
    document.querySelector("h1").scrollIntoView();
    (list.querySelector(".ledger a") ?? list.querySelector("a"))?.focus({ preventScroll: true });
    return;
  }
  const again = [...list.querySelectorAll("[data-key]")].find((link) => link.dataset.key === key);
  (again ?? list.querySelector(".chosen a, .entry-compare") ?? $("q")).focus({ preventScroll: true });
}
