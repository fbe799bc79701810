// A study that runs on a server's time: begun, followed, held, gone on with, ended. It goes on when the page is left; the
// page that comes back opens it by its id. Knows nothing about what is asked or drawn.
//
// 1. asked: the app answers with a summary at once
// 2. followed: frames behind the last one that is known, as they come
// 3. when they stop, the summary says why: it ended, it is paused, or the connection went, which is mended

import { cancelRun, pauseRun, Refused, resumeRun, runFrames, runSummary, startStudy } from "../core/api.js";
import { newStudy, reduceStudy } from "./study.js";

const SHOWN_EVERY_MS = 100;
const LOOK_EVERY_MS = 2_000; // while it waits for its turn
const PATIENCE_MS = { first: 500, most: 15_000 };

/** No frame comes any more. */
export const isOver = (summary) => ["done", "error", "cancelled", "cut"].includes(summary?.state);

/**
 * `onChange(study, summary, trouble)` is called at once, as frames arrive and at every turn: `summary` is null until the
 * app has taken it (protocol/app/runs.py), `trouble` what stands in the way (a refusal), else null.
 */
export function background({ onChange }) {
  let study = null;
  let summary = null;
  let trouble = null;
  let seq = -1; // of the last frame that is known
  let mine = null; // { controller, following, taken } of the run that is shown; taken: a promise of its first summary
  let timer = 0;

  return {
    /** Asks for it anew. @returns {Promise<string|null>} the run's id, null where it was refused or another was begun */
    async start(request) {
      const now = begin(request);
      try {
        now.taken = startStudy(request, now.controller.signal);
        summary = await now.taken;
      } catch (error) {
        return refused(error, now);
      }
      if (now !== mine) return null;
      follow(now);
      return summary.id;
    },

    /** Follows one that was begun before, here or elsewhere. */
    async open(id) {
      const now = begin(null);
      try {
        now.taken = runSummary(id, now.controller.signal);
        summary = await now.taken;
      } catch (error) {
        return refused(error, now);
      }
      if (now !== mine) return null;
      follow(now);
      return summary.id;
    },

    pause: () => act(pauseRun),
    cancel: () => act(cancelRun),
    async resume() {
      if (await act(resumeRun)) follow(mine);
    },

    /** Leaves it; it goes on. */
    close() {
      mine?.controller.abort();
      mine = null;
      clearTimeout(timer);
      timer = 0;
    },
  };

  function begin(request) {
    mine?.controller.abort();
    mine = { controller: new AbortController(), following: false, taken: null };
    study = newStudy(request);
    summary = trouble = null;
    seq = -1;
    tell();
    return mine;
  }

  function refused(error, now) {
    if (now !== mine) return null;
    if (!(error instanceof Refused)) throw error;
    study = { ...study, phase: "refused", refusal: { ...error.refusal, status: error.status } };
    tell();
    return null;
  }

  /** To its end, or to where it is paused. */
  async function follow(now) {
    if (now.following) return;
    now.following = true;
    let patience = PATIENCE_MS.first;
    const asking = setInterval(() => summary?.state === "queued" && look(now), LOOK_EVERY_MS);
    tell();
    try {
      while (now === mine) {
        const before = seq;
        try {
          for await (const frame of runFrames(summary.id, seq, now.controller.signal)) {
            take(frame);
            patience = PATIENCE_MS.first;
            if (summary.state === "queued") summary = { ...summary, state: "running" };
          }
          await look(now);
          // A tail that was cut may end like one that is whole; the summary knows how many frames there are.
          const whole = seq + 1 >= summary.n_frames || seq === before;
          if (now !== mine || (whole && (isOver(summary) || summary.state === "paused"))) return;
        } catch (error) {
          if (now !== mine) return;
          if (!(error instanceof Refused || error instanceof TypeError)) throw error; // TypeError: the network went
          trouble = error instanceof Refused ? { ...error.refusal, status: error.status } : CUT;
          tell();
          if (trouble.status === 404) return; // it is forgotten; what arrived stays
        }
        await new Promise((resolve) => setTimeout(resolve, patience));
        patience = Math.min(2 * patience, PATIENCE_MS.most);
      }
    } finally {
      clearInterval(asking);
      now.following = false;
    }
  }

  function take(frame) {
    if (frame.kind === "study" && study.opening) study = newStudy(study.request); // begun anew from its beginning
    else if (frame.seq <= seq) return;
    seq = frame.seq;
    study = reduceStudy(study, frame);
    trouble = null;
    timer ||= setTimeout(tell, SHOWN_EVERY_MS);
  }

  async function look(now) {
    const seen = await runSummary(summary.id, now.controller.signal);
    if (now !== mine) return;
    summary = seen;
    trouble = null;
    tell();
  }

  /** What is pressed before the app has taken the run holds once it has. @returns {Promise<boolean>} whether it was done */
  async function act(ask) {
    const now = mine;
    if (!summary) await now?.taken?.catch(() => null);
    if (!now || now !== mine || !summary) return false;
    try {
      await ask(summary.id);
      await look(now);
      return now === mine;
    } catch (error) {
      if (now !== mine) return false;
      if (!(error instanceof Refused)) throw error;
      trouble = { ...error.refusal, status: error.status };
      tell();
      return false;
    }
  }

  function tell() {
    clearTimeout(timer);
    timer = 0;
    if (mine) onChange(study, summary, trouble);
  }
}

const CUT = {
  code: "cut",
  status: 0,
  asked: "The connection was cut.",
  allowed: "What arrived stays; the study goes on.",
  change: "This page asks again by itself.",
};
