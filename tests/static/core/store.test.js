import assert from "../assert.js";
import { aliased, channels } from "/static/core/store.js";

Deno.test("a view draws at once and when one of its channels changes, never for another or for the same", () => {
  const state = channels({ run: 1, steer: 2, hover: 3 });
  let n = 0;
  const off = state.on(["run", "steer"], () => n++);
  assert.equal(n, 1);
  state.set("hover", 4);
  state.set("run", 1);
  assert.equal(n, 1);
  state.set("steer", 5);
  assert.equal(n, 2);
  off();
  state.set("run", 6);
  assert.equal(n, 2);
});

Deno.test("a view that throws is reported and takes no other with it", () => {
  const state = channels({ run: 1 });
  const reported = [];
  const report = globalThis.reportError;
  globalThis.reportError = (error) => reported.push(error.message);
  try {
    let drawn = 0;
    state.on(["run"], () => {
      throw new Error("broken");
    });
    state.on(["run"], () => drawn++);
    state.set("run", 2);
    assert.equal(drawn, 2);
    assert.deepEqual(reported, ["broken", "broken"]);
  } finally {
    globalThis.reportError = report;
  }
});

Deno.test("a view that knows a channel by another name reads, writes and hears that one", () => {
  const state = channels({ run: "first", other: "second" });
  const twin = aliased(state, { run: "other" });
  const heard = [];
  twin.on(["run"], () => heard.push(twin.get("run")));
  twin.set("run", "third");
  state.set("run", "fourth");
  assert.deepEqual(heard, ["second", "third"]);
  assert.equal(state.get("other"), "third");
});
