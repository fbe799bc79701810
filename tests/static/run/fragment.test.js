import assert from "../assert.js";
import { readFragment, writeFragment } from "/static/run/fragment.js";

const TARGET = { kind: "latent", dictionary: "resid_post/layer_3_known", latent: 4 };
/** @type {import("/static/run/fragment.js").Seen} */
const SEEN = {
  prompt: "What sport does Zoë & #1 <play>?\n",
  format: "raw",
  span: { start: 16, end: 30 },
  sliders: [{ target: TARGET, mode: "add", strengths: [0.5] }],
  at: [[0, 1.25], [2, -0.5]],
  active: 2,
  colour: 1,
  token: 12,
  latent: { dictionary: TARGET.dictionary, latent: 4 },
  watching: [TARGET],
  dictionary: "resid_post/layer_2_unknown",
  side: "difference",
  beside: "And who is Michael Jordan?",
  besideFormat: "base",
  besideSpan: { start: 19, end: 25 },
  random: 7,
  strip: false,
  threshold: 0.7,
  samples: { n: 10, temperature: 1, seed: 2147483647 },
  request: { kind: "generate", sampling: { temperature: 1 } },
  parent: "7kq2mrVw9a",
};

Deno.test("what can be seen survives the address, every part of it", () => {
  assert.deepEqual(readFragment(writeFragment(SEEN)), SEEN);
  for (const name of /** @type {(keyof typeof SEEN)[]} */ (Object.keys(SEEN))) {
    const alone = { prompt: "", [name]: SEEN[name] };
    assert.deepEqual(readFragment(writeFragment(alone))[name], SEEN[name], name);
  }
});

Deno.test("what makes no sense is left out and takes nothing else with it", () => {
  const nothing = readFragment("");
  for (
    const hash of [
      "at=x:1,1:y,-1:2,99:1",
      "name=30-16&beside-name=x",
      "active=99&colour=-1&token=1.5&random=128",
      "latent=no-number",
      "sliders={}&watch=7&request=[1]",
      "parent=<script>",
      "format=latin",
      "samples=99,1,0",
    ]
  ) assert.deepEqual(readFragment(`#${hash}`), nothing, hash);
});

Deno.test("a link made before several sliders could push at once still pushes", () => {
  const seen = readFragment("#prompt=p&sweep=1&strength=0.75");
  assert.deepEqual([seen.at, seen.active], [[[1, 0.75]], 1]);
});
