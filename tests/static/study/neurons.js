// What the page Neurons reads of a recording, for test_neurons_page.py.

import { newStudy, reduceStudy } from "/static/study/study.js";
import { dialOf, neuronsOf, records, viewsOf } from "/static/study/neurons/records.js";

export function seen(frames) {
  const study = frames.reduce(reduceStudy, newStudy(null));
  const of = (id) => records(study.figures.get(id));
  return {
    views: viewsOf(study),
    readers: of("readers").slice(0, 2),
    sweep: of("sweep")[0],
    fifths: of("reliability"),
    agreement: of("agreement")[0] ?? null,
    layers: of("layers"),
    neurons: neuronsOf(study).slice(0, 2),
    verdicts: of("verdicts"),
    sets: of("sets"),
    slopes: of("slopes")[0],
    dial: dialOf(study).map(({ set, group, factors, n }) => ({ set, group, factors, n })),
  };
}
