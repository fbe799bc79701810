// The experiments of the page, and the requests that they make (protocol/worker/studies.py; protocol/app/experiments.py builds the same).
// Pure: a card, a set of names and some numbers in, a request out.

import { titled } from "../run/names.js";

export const MOST_ARMS = 64;
export const MOST_CONTROLLED = 8; // arms of one study that have controls
export const KINDS = ["silent", "matched", "random"];

/**
 * What each of them is, as the list says it. `paper`: what it redoes of Ferrando et al. split, groups, most: which
 * questions it begins with (protocol/worker/studies.py Asked); names: of the world's, at most so many of each type and tier
 */
export const EXPERIMENTS = [
  {
    id: "refusals",
    number: "1",
    kind: "answers",
    title: "Refusals by arm",
    paper: "Figures 3, 11, 26",
    tests: "Does pushing along the known or the unknown latent change how often the model refuses?",
    control: "The same push along silent latents, equally frequent ones and random directions.",
    split: "test",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "dose",
    number: "2",
    kind: "answers",
    title: "Dose and response over a set",
    paper: "Table 6, for one prompt there",
    tests: "At which strength does the answer turn, and is it still text by then?",
    control: "Random directions of the same norm at each strength; KL and surprise beside it.",
    split: "test",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "scopes",
    number: "3",
    kind: "answers",
    title: "Where it must be steered",
    paper: "Section 5; the repository's entity_last run",
    tests: "Is the name's last token enough, or does the push need the end of the prompt?",
    control: "Random directions at the same tokens.",
    split: "test",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "attention",
    number: "4a",
    kind: "attention",
    title: "Attention to the name",
    paper: "Figures 4c–f, 15–21",
    tests: "Which heads look at the name, and does a push change how much?",
    control: "Random pushes; as many other heads where heads are knocked out. Counted by prompt.",
    split: "test",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "patching",
    number: "4b",
    kind: "patching",
    title: "Where the answer comes from",
    paper: "Figures 4a, b, 12–14",
    tests: "Which layer and head brings a known name's answer into an unknown name's run?",
    control: "The clean and the corrupted run are the two ends of the scale.",
    split: "all",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "knowledge",
    number: "5",
    kind: "knowledge",
    title: "Self-knowledge",
    paper: "Figures 5, 22",
    tests: "Asked whether it is sure that it knows the name: does a push move yes against no?",
    control: "Random pushes of the same norm.",
    split: "test",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "transfer",
    number: "6",
    kind: "transfer",
    title: "Base to chat",
    paper: "Sections 5, 8; figure 10, equation 9",
    tests: "Does a dictionary of the base model still read the chat model, and what is left of a direction taken out?",
    control: "Random directions taken out instead.",
    split: "test",
    groups: ["known", "unknown"],
    most: 25,
    names: 100,
  },
  {
    id: "uncertainty",
    number: "7",
    kind: "uncertainty",
    title: "Uncertainty latents",
    paper: "Figures 6, 23, 24, table 2",
    tests: "Right before it answers: does a latent tell right answers from wrong ones?",
    control: "First-token entropy and log-probability, a probe and a difference of means.",
    split: "all",
    groups: [],
    most: 200,
    names: 200,
  },
  {
    id: "misfires",
    number: "8",
    kind: "answers",
    title: "Misfires",
    paper: "The claim itself: wrong answers as a latent that fires when it should not",
    tests: "Does the known latent fire where the model answers wrong, and does taking it away make it refuse?",
    control: "Right answers and refusals beside it; other latents taken away instead.",
    split: "all",
    groups: [],
    most: 40,
    names: 40,
  },
  {
    id: "label",
    number: "",
    kind: "label",
    title: "Label your own names",
    paper: "Section 3, figure 7",
    tests: "Which of these names does this model know, by asking it?",
    control: "Thresholds can be moved afterwards: every answer is kept.",
    split: "all",
    groups: [],
    most: 25,
    names: 25,
  },
];

export const experimentOf = (id) => EXPERIMENTS.find((one) => one.id === id) ?? null;

/** Which of them a request is. */
export function idOf(request) {
  if (request.kind !== "answers") return EXPERIMENTS.find(({ kind }) => kind === request.kind)?.id ?? null;
  return { arms: "refusals", dose: "dose", scopes: "scopes", misfires: "misfires" }[request.plot ?? "arms"];
}

/**
 * The numbers that an experiment begins with: those that the card validated.
 * known, unknown: { target, scope, unit, strength }, null where the card has no such direction
 */
export function presetOf(id, card) {
  const [known, unknown] = ["known", "unknown"].map((role) => pushOf(card, role, id !== "refusals"));
  const first = directionsOf(card)[0] ?? null;
  switch (id) {
    case "refusals":
      return { known, unknown, kinds: [...KINDS], n: 5, n_projected: 3 };
    case "dose":
      return { direction: 0, strengths: first ? dosesOf(first) : [], scope: first?.scope ?? "entity", n: 4 };
    case "scopes":
      return { direction: 0, strength: first ? strengthOf(first) : 1, n: 5 };
    case "attention":
      return { known, unknown, n_controls: 10, value_weighted: false, n_heads: 3 };
    case "patching":
      return { n_pairs: 32 };
    case "knowledge":
      return { known, unknown, n_controls: 10 };
    case "transfer":
      return { known, unknown, n_controls: 5 };
    case "uncertainty":
      return { n_samples: 0, top: 10 };
    case "misfires":
      return { known, n: 5 };
    default:
      return { n_samples: 10, k: 3, tau: 2 };
  }
}

/** @param {object} asked protocol/worker/studies.py Asked @param {object} options as `presetOf` gives them */
export function requestOf(id, card, asked, options) {
  const { kind } = experimentOf(id);
  const common = { kind, model: card.id, asked };
  const { known, unknown } = options;
  switch (id) {
    case "refusals": {
      const arms = [
        known && arm("+known", "known", add(known)),
        unknown && arm("+unknown", "unknown", add(unknown)),
        known && arm("project out known", "known", projectedOut(known)),
        unknown && arm("project out unknown", "unknown", projectedOut(unknown)),
      ].filter(Boolean);
      const [added, taken] = [true, false].map((is) => arms.filter(({ hold }) => (hold[0].mode === "add") === is));
      const controls = [
        ...controlled(added, options.n, options.kinds),
        ...controlled(taken, options.n_projected, options.kinds.filter((one) => one !== "silent")), // nothing to take out
      ];
      return { ...common, arms, controls, plot: "arms" };
    }
    case "dose": {
      const direction = { ...directionsOf(card)[options.direction], scope: options.scope };
      const arms = [...options.strengths]
        .sort((a, b) => a - b)
        .map((strength) =>
          arm(`${direction.role} ${signed(strength)}`, direction.role, add({ ...direction, strength }))
        );
      return { ...common, arms, controls: controlled(arms, options.n, ["random"]), by: ["group"], plot: "dose" };
    }
    case "scopes": {
      const direction = directionsOf(card)[options.direction];
      const push = add({ ...direction, strength: options.strength });
      const arms = PLACES.map(([scope, generated]) =>
        arm(`${direction.role} at ${scope}${generated ? ", generated too" : ""}`, direction.role, {
          ...push,
          scope,
          generated,
        })
      );
      return { ...common, arms, controls: controlled(arms, options.n, ["random"]), by: ["group"], plot: "scopes" };
    }
    case "misfires": {
      const arms = known ? [arm("ablate known", "known", ablated(known))] : [];
      const controls = controlled(arms, options.n, ["matched", "random"]);
      const watch = card.watch.map(({ target }) => target).slice(0, 8);
      return { ...common, arms, controls, by: ["group"], plot: "misfires", watch };
    }
    case "attention": {
      const { value_weighted, n_heads } = options;
      return { ...common, known: pushed(known, options), unknown: pushed(unknown, options), value_weighted, n_heads };
    }
    case "knowledge":
      return { ...common, known: pushed(known, options), unknown: pushed(unknown, options) };
    case "transfer":
      return {
        ...common,
        known: known?.target ?? null,
        unknown: unknown?.target ?? null,
        n_controls: options.n_controls,
      };
    default:
      return { ...common, ...options };
  }
}

/** Directions of a card that can be pushed: its sliders first. */
export const directionsOf = (card) => [...card.directions, ...(card.more_directions ?? [])];

/** "Known entity, L3 #4". */
export function nameOf(direction, card) {
  const { label, short } = titled(direction.target, direction.label ? direction : null, card);
  return label === short ? short : `${label}, ${short}`;
}

/** As its card validated it, else the largest that is drawn. */
export const strengthOf = ({ validated, strengths }) => validated ?? Math.max(...strengths);

/** Arms of a request, the baseline among them. */
export const armsOf = ({ arms, controls }) =>
  1 + arms.length + controls.reduce((sum, { kinds, n }) => sum + kinds.length * n, 0);

// ---- below: what requests are made of

const PLACES = [
  ["last_entity", false],
  ["entity", false],
  ["entity_to_end", false],
  ["last_entity_to_end", false],
  ["last_entity_to_end", true],
];

function pushOf(card, role, isLatent) {
  const found = card.directions.find((one) => one.role === role && (!isLatent || one.target.kind === "latent"));
  return found ? { target: found.target, scope: found.scope, unit: found.unit, strength: strengthOf(found) } : null;
}

const arm = (name, role, held) => ({ name, role, hold: [held] });

const add = ({ target, scope, unit, strength }) => ({ target, mode: "add", unit, scope, strength });

// Everywhere at its layer: what stands here for the paper's orthogonalised weights.
const projectedOut = ({ target }) => ({ target, mode: "project_out", scope: "prompt", generated: true, strength: 1 });

const ablated = ({ target }) => ({ target, mode: "ablate", scope: "entity", strength: 1 });

const controlled = (arms, n, kinds) => (n > 0 && kinds.length ? arms.map(({ name }) => ({ of: name, kinds, n })) : []);

const pushed = (push, { n_controls }) => push && { ...push, scope: "last_entity", n_controls };

/** At most as many strengths as can have controls, evenly over those that are validated, with both ends. */
function dosesOf({ strengths }) {
  if (strengths.length <= MOST_CONTROLLED) return [...strengths];
  const step = (strengths.length - 1) / (MOST_CONTROLLED - 1);
  return Array.from({ length: MOST_CONTROLLED }, (_, i) => strengths[Math.round(i * step)]);
}

const signed = (x) => (x < 0 ? `-${-x}` : `+${x}`);
