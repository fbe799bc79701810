// Draws with Plotly in the colours of the page, and again when the theme or the size changes.
// The only module that knows Plotly. Plotly is loaded beside the page, which works before it is there.

const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false, showTips: false, responsive: false };

/**
 * Keeps a figure in `element`. `make(colour, width)` gives { data, layout }; call `draw()` when the data may have
 * changed: Plotly takes a hundred times as long as seeing that they have not. `colour("--known")` is a custom property
 * as Plotly can read it.
 */
export function chart(element, make) {
  let removed = false;
  let drawn = ""; // what Plotly drew last
  let box = boxOf(element);
  const size = new ResizeObserver(() => {
    if (boxOf(element) === box) return;
    box = boxOf(element);
    draw();
  });
  size.observe(element);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const forced = matchMedia("(forced-colors: active)");
  for (const media of [dark, paper, forced]) media.addEventListener("change", draw);
  const theme = new MutationObserver(draw);
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return {
    draw,
    remove() {
      removed = true;
      size.disconnect();
      theme.disconnect();
      for (const media of [dark, paper, forced]) media.removeEventListener("change", draw);
      globalThis.Plotly?.purge(element);
    },
  };

  function draw() {
    if (!globalThis.Plotly) {
      plotlyLoaded.then(draw);
      return;
    }
    if (removed || !element.clientWidth) return;
    const colour = colours();
    const figure = make(colour, element.clientWidth);
    if (!figure) return;
    const layout = { ...base(colour), width: element.clientWidth, height: element.clientHeight, ...figure.layout };
    const now = JSON.stringify([figure.data, layout]);
    if (now === drawn) return;
    drawn = now;
    globalThis.Plotly.react(element, figure.data, layout, CONFIG);
  }
}

const boxOf = ({ clientWidth, clientHeight }) => `${clientWidth} ${clientHeight}`;

const plotlyLoaded = new Promise((resolve) => {
  if (globalThis.Plotly) resolve();
  else document.getElementById("plotly")?.addEventListener("load", () => resolve(), { once: true });
});

function base(colour) {
  return {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: colour("--ink-3") },
    hoverlabel: {
      bgcolor: colour("--surface"),
      bordercolor: colour("--rule-2"),
      font: { color: colour("--ink"), size: 13 },
    },
    showlegend: false,
    dragmode: false,
    hovermode: "closest",
  };
}

// Plotly does not know what color-mix() gives: "color(srgb 0.5 0.2 0.1)".
function readable(colour) {
  const part = colour.match(/^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)\)$/);
  return part ? `rgb(${part.slice(1).map((x) => Math.round(x * 255))})` : colour;
}

// Custom properties are light-dark() pairs; a colour that the browser has resolved is not.
function colours() {
  const probe = document.createElement("span");
  probe.style.setProperty("forced-color-adjust", "none"); // a plot's colours carry its data
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const found = {};
  const colour = (name) => {
    if (!(name in found)) {
      probe.style.color = `var(${name})`;
      found[name] = readable(style.color);
    }
    return found[name];
  };
  queueMicrotask(() => probe.remove());
  return colour;
}
