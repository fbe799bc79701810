// All that the page makes of a figure, as JSON: its series, its panels as Plotly gets them, and its words.

import { heatRange, heatStops } from "/static/study/figures/heat.js";
import { axisWords, plotOf } from "/static/study/figures/plots.js";
import { panelsOf, seriesOf } from "/static/study/figures/series.js";

export const drawn = (figure, colours, width) => ({
  series: seriesOf(figure).map(({ name, parts }) => ({ name, parts })),
  panels: panelsOf(figure).map(({ name, rows }) => ({
    name,
    ...plotOf(figure, rows, (hue) => colours[hue.slice(2)], width),
  })),
  heads: axisWords(figure),
  heat: figure.plot.form === "heat" && [heatRange(figure), heatStops(figure)],
});
