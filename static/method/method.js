// The page that explains the others. The server draws every word; this adds the introduction's pictures, and marks in
// the list of chapters where one is.

import { $ } from "../core/dom.js";
import { contents } from "./contents.js";
import { essay } from "./essay.js";

contents(document.querySelector(".method-contents"));
essay($("main").dataset);
