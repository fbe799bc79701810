// What a study amounts to so far: a pure fold of (request, frames), and questions about it. A study is a run over a
// whole set of names (protocol/worker/studies.py). Knows nothing about the page, the network or the clock.

/**
 * @typedef {{ request: object, phase: string, opening: object|null, progress: { n_done: number, doing: string },
 *             trials: object[], tallies: object[], corpus: object[], ranking: object|null,
 *             figures: Map<string, object>, counted: number, done: object|null, refusal: object|null, frames: number }} Study
 *
 * phase: asking → queued → running → done | error | cancelled | cut; paused is between two running
 * counted: trials that the newest figure has seen; opening: the frame `study`; figures by their id: a later one replaces an earlier one in its place
 */

/** @returns {Study} */
export function newStudy(request) {
  return {
    request,
    phase: "asking",
    opening: null,
    progress: { n_done: 0, doing: "" },
    trials: [],
    tallies: [],
    corpus: [],
    ranking: null,
    figures: new Map(),
    counted: 0,
    done: null,
    refusal: null,
    frames: 0,
  };
}

/** @param {Study} study @returns {Study} */
export function reduceStudy(study, frame) {
  const next = { ...study, frames: study.frames + 1 };
  switch (frame.kind) {
    case "queued":
      return { ...next, phase: "queued" };
    case "study":
      return { ...next, phase: "running", request: frame.request, opening: frame };
    case "progress":
      return { ...next, phase: "running", progress: { n_done: frame.n_done, doing: frame.doing } };
    case "trial":
      return { ...next, trials: [...study.trials, frame] };
    case "tally":
      return { ...next, tallies: [...study.tallies, frame] };
    case "corpus":
      return { ...next, corpus: [...study.corpus, frame] };
    case "ranking":
      return { ...next, ranking: frame };
    case "figure":
      return { ...next, figures: new Map(study.figures).set(frame.id, frame), counted: study.trials.length };
    case "done":
      return { ...next, phase: "done", done: frame, refusal: null };
    case "error":
      return { ...next, phase: frame.refusal.code === "cancelled" ? "cancelled" : "error", refusal: frame.refusal };
    default:
      return next; // a kind of a later protocol
  }
}

/** The study as it stands in another phase: paused, or ended without `done` or `error`. */
export const inPhase = (study, phase, refusal = null) => ({ ...study, phase, refusal });

export const isGoing = ({ phase }) => phase === "asking" || phase === "queued" || phase === "running";

/** Whether something was found, if not all: what can be drawn and saved. */
export const hasFound = ({ trials, tallies }) => trials.length > 0 || tallies.length > 0;

/** Share of its steps that is done, 0 to 1; 0 before it is known. */
export const shareDone = ({ opening, progress }) =>
  opening?.n_steps ? Math.min(1, progress.n_done / opening.n_steps) : 0;

/** The types of its names, in the order in which they come. */
export const typesOf = (study) => [...new Set((study.opening?.names ?? []).map(({ type }) => type))];
