// What the page ranks of a discovery's frames, and what the worker had ranked, for Python to compare.

import { countsOf, ranked } from "/static/study/discovery/counts.js";
import { newStudy, reduceStudy } from "/static/study/study.js";

export function rankings(frames) {
  const study = frames.reduce(reduceStudy, newStudy(null));
  const { max_corpus_share: most, top } = study.request;
  return { page: ranked(countsOf(study), { most, top }), worker: study.ranking };
}
