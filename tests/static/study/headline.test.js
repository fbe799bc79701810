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
    `${FIRES}0.700 on the test names, in the worst of 4 types.`,
  ],
  [best(0.1), 1, "L3 #4 tells known names from unknown ones", `${FIRES}0.100 on the test names.`],
  [best(0.05), 1, "L3 #4 ranks first, and hardly tells the test names", `${FIRES}0.0500 on the test names.`],
  [best(0.7), 1, "L3 #4 tells known names from unknown ones", `${FIRES}0.700 on the test names.`],
  [
    best(0),
    4,
    "L3 #4 ranks first, and fails on the test names",
    `${FIRES}0 on the test names, in the worst of 4 types.`,
  ],
  [best(-0.2), 1, "L3 #4 ranks first, and fails on the test names", `${FIRES}−0.200 on the test names.`],
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

Deno.test("of a search that was called too small before it ran nothing else is said behind it", () => {
  const few = [
    "Among the four tenths of player names that a search tests on, 2 known and 2 unknown names are too few.",
  ];
  assert.deepEqual(headline(best(1), 1, few), {
    title: "Too few names to say which latents know them",
    claim: few[0],
  });
  assert.deepEqual(headline(best(0.7), 1, []), headline(best(0.7), 1));
});
