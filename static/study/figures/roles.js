// How a role looks in a plot: hue, shape, dash and hatching together, so that colour is never the only cue. Pure.

/** @typedef {{ fill: string, shape: string, dash: string|null, hatch: string, hollow: boolean }} Look */

const LOOKS = {
  known: { fill: "--known-fill", shape: "circle" },
  unknown: { fill: "--unknown-fill", shape: "circle-open", dash: "6px,3px", hatch: "/" },
  control: { fill: "--control-fill", shape: "diamond-open", dash: "2px,3px", hollow: true },
  baseline: { fill: "--ink-2", shape: "square" },
  refused: { fill: "--refusal-fill", shape: "circle-x-open", hatch: "x" },
  right: { fill: "--ink", shape: "triangle-up" },
  wrong: { fill: "--invented-fill", shape: "x-thin-open", dash: "8px,3px", hatch: "\\" },
  invented: { fill: "--invented-fill", shape: "asterisk-open", dash: "4px,2px,1px,2px", hatch: "+" },
  answered: { fill: "--ink-2", shape: "triangle-right", hatch: "-" },
  broken: { fill: "--control-fill", shape: "bowtie-open", dash: "1px,3px", hatch: "." },
};
const OTHER = { fill: "--ink-3", shape: "square-open", dash: "4px,3px" };
const SAME_AS = {
  refuses: "refused",
  refusal: "refused",
  correct: "right",
  random: "control",
  silent: "control",
  matched: "control",
};

// Those of one hue are told apart by these.
const SHAPES = ["circle", "square-open", "diamond", "triangle-up-open", "star", "circle-open"];
const DASHES = [null, "6px,3px", "2px,3px", "9px,3px,2px,3px", "12px,4px"];
const HATCHES = ["", "/", "\\", "x", "-", "."];

const PLAIN = { dash: null, hatch: "", hollow: false };

/** The role that a cell of a role column means, "other" where it is none. */
export function roleOf(cell) {
  const name = String(cell ?? "").toLowerCase();
  const role = SAME_AS[name] ?? name;
  return Object.hasOwn(LOOKS, role) ? role : "other";
}

/** A look for each, in their order; the second of one role looks another way than the first. @returns {Look[]} */
export function looksOf(roles) {
  const seen = new Map();
  return roles.map((role) => {
    const look = { ...PLAIN, ...(LOOKS[role] ?? OTHER) };
    const nth = seen.get(role) ?? 0;
    seen.set(role, nth + 1);
    if (!nth) return look;
    const shapes = SHAPES.filter((one) => one !== look.shape);
    return {
      ...look,
      shape: shapes[nth % shapes.length],
      dash: DASHES[nth % DASHES.length],
      hatch: HATCHES[nth % HATCHES.length],
    };
  });
}
