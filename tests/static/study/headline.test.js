import assert from "../assert.js";
import { headline } from "/static/study/discovery/headline.js";

const best = (test) => ({ layer: 3, latent: 4, role: "known", score: 0.75, test });
const FIRES = "L3 #4 fires on known names: separation 0.750 on the training half, ";

/** @type {[ReturnType<typeof best>|undefined, number, string, string][]} */
const CASES = [
  [
    best(0.7),
    4,
    "L3 #4 tells known names from unknown ones",
    `${FIRES}0.700 on the test half, in the worst of 4 types.`,
  ],
  [best(0.7), 1, "L3 #4 tells known names from unknown ones", `${FIRES}0.700 on the test half.`],
  [best(0), 4, "L3 #4 ranks first, and fails on the test half", `${FIRES}0 on the test half, in the worst of 4 types.`],
  [best(-0.2), 1, "L3 #4 ranks first, and fails on the test half", `${FIRES}−0.200 on the test half.`],
  [best(null), 2, "L3 #4 ranks first; not tested", `${FIRES}not tested, in the worst of 2 types.`],
  [
    undefined,
    4,
    "No latent tells known names from unknown ones in every type",
    "No latent tells known names from unknown ones in every type.",
  ],
];

for (const [found, nTypes, title, claim] of CASES) {
  Deno.test(`of a test separation of ${found?.test} in ${nTypes} types it says "${title}"`, () => {
    assert.deepEqual(headline(found, nTypes), { title, claim });
  });
}
