// A small circuit of two prompts as its frames: five tokens, four nodes, two groups. Made by hand, to be counted on.

import { newGraph, reduceGraph } from "/static/circuit/graph.js";

const token = (text) => ({ id: 0, text, role: "prompt" });
const next = (text, refuses) => ({ id: 1, text, prob: 0.9, opens_refusal: refuses });
const side = (name, m) => ({
  tokens: ["<bos>", "Is", ` ${name}`, "?", "\n"].map(token),
  entity: { start: 2, end: 3, text: ` ${name}`, found: "world" },
  n_said: 0,
  m,
  top: [next(m > 0 ? "I" : "It", m > 0)],
});
const places = ["before", "before", "name_last", "after", "end"];
const band = (low, high) => ({ n: 16, mean: (low + high) / 2, low, high });
const node = (index, column, a, b, effect, role) => ({ kind: "sae", index, column, a, b, effect, relp: effect, role });

export const REQUEST = { kind: "circuit", prompt: "Is Jo?", beside: { prompt: "Is Bo?" }, target: { kind: "opening" } };

const GROUPS = [
  {
    id: "g1",
    role: "not_recognised",
    members: [2],
    n_members: 1,
    layers: [2, 2],
    share: 0.4,
    to_other_a: { measured: 9, predicted: 8, control: band(-0.2, 0.3), top: next("I", true) },
    to_other_b: { measured: -4, predicted: -5, control: band(-0.4, 0.1), top: next("I", true) },
    off_a: null,
    off_b: { measured: -4.5, predicted: -4, control: band(-0.4, 0.1), top: next("I", true) },
    writes: ["I"],
    evidence: [],
  },
  { id: "g2", role: "recognised", members: [1], n_members: 1, layers: [3, 3], share: 0.3, writes: [], evidence: [] },
];

const arrow = (source, target, in_a, in_b, low, high) => ({
  source,
  target,
  in_a,
  in_b,
  control_a: band(low, high),
  control_b: band(low, high),
});

export const FRAMES = [
  {
    kind: "circuit",
    seq: 0,
    request: REQUEST,
    model: { id: "m", device: "cpu", dtype: "float32" },
    dictionaries: [],
    sides: [side("Jo", -7), side("Bo", 8)],
    columns: places.map((place, i) => ({ a: i, b: i, place })),
    target: { up: next("I", true), against: next("It", false), reads: null },
    precision: "float32",
    without: [],
  },
  {
    kind: "nodes",
    seq: 1,
    layer: 3,
    nodes: [node(9, 4, 2, 1, 0.01, "end_neither"), node(4, 2, 12, 0, -5, "recognised")],
    total: -15,
    shown: -6,
    error: -1,
    n_active: 9,
    n_candidates: 5,
  },
  {
    kind: "nodes",
    seq: 2,
    layer: 2,
    nodes: [node(1, 2, 0, 18.9, -9, "not_recognised"), node(7, 1, 1, 1, 0.3, "rest")],
    total: -14.7,
    shown: -9,
    error: -3,
    n_active: 9,
    n_candidates: 5,
  },
  { kind: "checked", seq: 3, nodes: [2, 1], in_a: [8, 4], in_b: [-4, -3], fit: 0.9 },
  {
    kind: "edges",
    seq: 4,
    side: "b",
    senders: [2, 3],
    receivers: [1, 1],
    weights: [-5.6, 1],
    through: [0, 0],
    unexplained: 1e-6,
  },
  { kind: "groups", seq: 5, groups: GROUPS, named_by: [240, 240] },
  {
    kind: "arrows",
    seq: 6,
    arrows: [
      arrow("g1", "g2", 0.66, 0, -0.1, 0.1),
      arrow("g1", null, 0.63, 0.4, -0.05, 0.06),
      arrow("g2", null, 0.5, 0.4, 0, 0.1),
    ],
  },
  {
    kind: "defaults",
    seq: 7,
    results: [{ test: "recognition_off", m: [1.2, 8], control: [band(-6.9, -6.2), band(7.9, 8.1)], top: [] }],
  },
  {
    kind: "silent",
    seq: 8,
    nodes: [{ number: 2, silent_in: "a", margin: 2.9, held_down_by: [] }],
  },
  { kind: "done", seq: 9, elapsed_s: 0.1, n_tokens: 5 },
];

/** The circuit as it stands after so many frames. */
export const graphOf = (frames = FRAMES) => frames.reduce(reduceGraph, newGraph(REQUEST));
