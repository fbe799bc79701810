// The row of pages above every page. Where it is wider than the screen it scrolls, and opens with the page that one is
// on in its middle; that it goes on is drawn by look/header.css.

const row = /** @type {HTMLElement} */ (document.querySelector(".top nav"));
const current = /** @type {HTMLElement | null} */ (row.querySelector("[aria-current]"));
if (current) row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
