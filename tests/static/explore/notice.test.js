import assert from "../assert.js";
import { stopped } from "/static/explore/notice.js";

const arm = (n, verdict = null) => ({ tokens: Array(n).fill({}), verdict, whole: Boolean(verdict) });

Deno.test("a stopped run says what arrived, and nothing of who stopped it or of who waits for the worker", () => {
  const request = { controls: { n_directions: 4 } };
  const start = { arms: [{ sweep: null }, { sweep: 0 }] };
  const some = { start, request, arms: [arm(3), arm(2)], controls: new Map() };
  for (const run of [{ ...some, start: null }, some]) {
    assert.equal(/you|free|worker/i.test(stopped(run)), false, stopped(run));
  }
  assert.equal(stopped(some).startsWith("This run was stopped at token 3, with 0 of 2 answers whole."), true);
});
