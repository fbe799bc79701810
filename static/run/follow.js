// Runs of one kind on a page, each followed to its end: the newest wins, an older one is left, which frees the worker.
// Knows nothing about what is asked or drawn.

import { Refused, startRun } from "../core/api.js";
import { ended, newRun, reduce } from "./run.js";

const SHOWN_EVERY_MS = 30;

/** `page` names the page and the kind: of one name the server keeps the newest run only. `fresh` and `fold` are of what
 * such a run amounts to: run.js', or of another kind of run with the same phases.
 * @param {string} page @param {{ fresh?: (request: any) => any, fold?: (run: any, frame: any) => any }} of */
export function follower(page, { fresh = newRun, fold = reduce } = {}) {
  let current = null; // AbortController of the open stream
  return {
    /**
     * Calls `show(run, id)` at once, as frames arrive, and at the end, unless a newer one was asked meanwhile.
     * @returns {Promise<boolean>} whether it was the newest to its end
     */
    async ask(request, show) {
      current?.abort();
      const mine = new AbortController();
      current = mine;
      let run = fresh(request);
      let id = null;
      let timer = 0;
      const tell = () => {
        timer = 0;
        if (current === mine) show(run, id);
      };
      tell();
      try {
        const answer = await startRun(request, page, mine.signal);
        id = answer.id;
        for await (const frame of answer.frames) {
          run = fold(run, frame);
          timer ||= setTimeout(tell, SHOWN_EVERY_MS);
        }
        run = ended(run, "cut");
      } catch (error) {
        if (error instanceof Refused) run = ended(run, "refused", { ...error.refusal, status: error.status });
        else if (mine.signal.aborted) run = ended(run, "cancelled");
        else if (error instanceof TypeError || error.name === "AbortError") run = ended(run, "cut"); // the network went
        else throw error;
      } finally {
        clearTimeout(timer);
      }
      if (current !== mine) return false;
      current = null;
      show(run, id);
      return true;
    },
    /** Ends it; what arrived is shown as cancelled. */
    stop: () => current?.abort(),
    /** Ends it and shows nothing more of it. */
    drop() {
      const left = current;
      current = null;
      left?.abort();
    },
    busy: () => current !== null,
  };
}
