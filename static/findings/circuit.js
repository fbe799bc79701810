// A saved circuit: what its page says in words, its exports, its check, and taking it back. Needs no worker; the page
// reads without this script.

import { $ } from "../core/dom.js";
import { channels } from "../core/store.js";
import { findingPage } from "./page.js";
import { verifyButton } from "./verify.js";

const { slug } = $("main").dataset;

findingPage(slug, channels({ health: null, run: null })); // no run here; the led asks for it
verifyButton(slug);
