// The interface, drawn by Swagger UI from /openapi.json. Swagger UI has a dark mode of its own, by a class of <html>;
// here it follows the page's theme.

import { addressOf } from "../core/root.js";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function shade() {
  const theme = root.dataset.theme ?? (system.matches ? "dark" : "light");
  root.classList.toggle("dark-mode", theme === "dark");
}

shade();
system.addEventListener("change", shade);
new MutationObserver(shade).observe(root, { attributeFilter: ["data-theme"] });

globalThis.SwaggerUIBundle({
  url: addressOf("/openapi.json"),
  dom_id: "#interface",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // asks no other site
});
