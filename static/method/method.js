// The page that explains the others. The server draws every word; this marks where in them one is.

import { contents } from "./contents.js";

contents(document.querySelector(".method-contents"));
