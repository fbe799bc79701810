"use strict";
// What a script adds to the exported page: the plots in the reader's colours, and a button that gives the recording
// back as the file it was. All data is in the page; nothing is fetched.

const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const PRINTED_PX = 640;

function draw(scheme = dark.matches ? "dark" : "light", width = null) {
  document.querySelectorAll(".figure").forEach((element, i) => {
    const { data, layout } = figures[i][scheme];
    const size = { width: width ?? element.clientWidth, height: layout.height ?? 320 };
    const config = { displayModeBar: false, doubleClick: false, showTips: false };
    globalThis.Plotly.react(element, data, { ...layout, ...size }, config);
  });
}

if (figures.length) {
  for (const element of document.querySelectorAll(".figure")) element.replaceChildren(); // what stood for the plot
  draw();
  dark.addEventListener("change", () => draw());
  addEventListener("resize", () => draw());
  addEventListener("beforeprint", () => draw("light", PRINTED_PX));
  addEventListener("afterprint", () => draw());
}

const record = document.getElementById("record");
if (record) {
  const save = document.getElementById("save");
  save.hidden = false;
  save.addEventListener("click", () => {
    const { finding, recording } = JSON.parse(record.textContent);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([recording], { type: "application/jsonl" }));
    link.download = `${finding.slug}.jsonl`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
