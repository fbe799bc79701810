// Talks to the app: models, runs, findings, health. Every failure comes back as one shape,
// `Refused`, with what was asked, what is allowed and what to change.

import { jsonLines } from "./jsonl.js";
import { addressOf } from "./root.js";

export class Refused extends Error {
  /** @param {{code: string, asked: string, allowed: string, change: string}} refusal */
  constructor(status, refusal) {
    super(`${refusal.asked} ${refusal.allowed} ${refusal.change}`);
    this.status = status;
    this.refusal = refusal;
  }
}

export const health = (signal) => ask("/healthz", { signal }).then((response) => response.json());

/** All rows of the registry, the one that the worker holds first, and which of them have a report. */
export const registry = (signal) => ask("/api/models", { signal }).then((response) => response.json());

export const models = () => registry().then(({ models }) => models);

/** Names of a model's world. @param {{ q?: string, type?: string, tier?: string, offset?: number, limit?: number }} asked */
export function world(model, asked, signal) {
  const query = new URLSearchParams(
    Object.entries(asked).flatMap(([name, value]) => value === null || value === "" ? [] : [[name, String(value)]]),
  );
  return ask(`/api/models/${encodeURIComponent(model)}/world?${query}`, { signal }).then((response) => response.json());
}

/** What was measured on a model when it was made. */
export const report = (model, signal) =>
  ask(`/api/models/${encodeURIComponent(model)}/report`, { signal }).then((response) => response.json());

/** One latent by itself. @returns {Promise<{lens: object, firing: object}>} protocol/worker/frames.py Lens and Firing */
export function latentFacts(model, { dictionary, latent }, signal) {
  const query = new URLSearchParams({ dictionary, latent });
  return ask(`/api/models/${encodeURIComponent(model)}/latent?${query}`, { signal }).then((response) =>
    response.json()
  );
}

/** Latents that write a word, and those that fire where the sample says it. @returns {Promise<object>} LatentsFound */
export const latentsByMeaning = (model, words, signal) =>
  ask(`/api/models/${encodeURIComponent(model)}/latents?${new URLSearchParams({ q: words })}`, { signal }).then((
    response,
  ) => response.json());

/** Every experiment for a model, with its form. @returns {Promise<object[]>} protocol/app/experiments ExperimentOffer */
export const experimentOffers = (model) =>
  ask(`/api/models/${encodeURIComponent(model)}/experiments`).then((response) => response.json()).then(
    ({ experiments }) => experiments,
  );

/** What an experiment's draft comes to. @returns {Promise<{request: object|null, cost: object|null, problem: object|null}>} */
export const makeExperiment = (draft, signal) =>
  post("/api/experiments", draft, signal).then((response) => response.json());

/** Reads pasted names or a CSV, before a study of them. @returns {Promise<{names: object[], checked: object}>} */
export const checkNames = (asked, signal) => post("/api/names", asked, signal).then((response) => response.json());

/** A file's text, or the encodings that it may be in. @returns {Promise<object>} protocol/app/names_file.py NamesFile */
export const readNamesFile = (file, encoding, signal) =>
  ask(`/api/names/file${encoding ? `?${new URLSearchParams({ encoding })}` : ""}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
    signal,
  }).then((response) => response.json());

/** @returns {Promise<{finding: object, delete_token: string}>} the token is told this once */
export const saveFinding = (finding) => post("/api/findings", finding).then((response) => response.json());

/** Has the worker that is here now run it again; this takes as long as the run did. `still`: told now and then how far
 * it has come. @param {string} slug @param {(checking: { n_frames: number, n_recorded: number }) => void} still
 * @returns {Promise<any>} protocol/app/verify.py Verification */
export async function verifyFinding(slug, still) {
  for (;;) {
    const response = await ask(`/api/findings/${encodeURIComponent(slug)}/verify`, { method: "POST" });
    const answer = await response.json();
    if (answer.state !== "checking") return answer;
    still(answer);
  }
}

export const deleteFinding = (slug, token) =>
  ask(`/api/findings/${encodeURIComponent(slug)}`, { method: "DELETE", headers: { "X-Delete-Token": token } });

/** The element of a page that has this id, as the server draws it now; null if it has none. @param {string} address whole */
export async function drawn(address, id, signal) {
  const response = await fetched(address, { signal });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = page.getElementById(id);
  return found && document.adoptNode(found);
}

/** How far the weights of a model are, for whoever runs the app. @returns {Promise<object>} protocol/app/weights.py */
export const weights = (model) => ask(weightsAddress(model)).then((response) => response.json());

/** Fetches them: the licence was read and is accepted. */
export const fetchWeights = (model) =>
  post(weightsAddress(model), { accept: true }).then((response) => response.json());

const weightsAddress = (model) => `/api/models/${encodeURIComponent(model)}/weights`;

/** A name for a page that is open now, and that nobody guesses. */
export const newPage = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Starts a run; a newer one of the same page ends it.
 * @returns {Promise<{id: string|null, frames: AsyncGenerator<object>}>}
 */
export async function startRun(request, page, signal) {
  const response = await post(`/api/runs?page=${page}`, request, signal);
  return { id: response.headers.get("X-Run-Id"), frames: jsonLines(response.body) };
}

/** Asks for a study, which runs in the background. @returns {Promise<object>} protocol/app/runs.py RunSummary */
export const startStudy = (request, signal) =>
  post("/api/runs?lane=background", request, signal).then((response) => response.json());

/** What turning a part of a circuit does. @returns {Promise<object>} protocol/worker/circuit_frames.py Turned */
export const turnCircuit = (request, signal) => post("/api/turn", request, signal).then((response) => response.json());

/** Why a head looks where it does. @returns {Promise<object>} protocol/worker/circuit_frames.py Looked */
export const lookCircuit = (request, signal) => post("/api/look", request, signal).then((response) => response.json());

export const runSummary = (id, signal) => ask(runAddress(id), { signal }).then((response) => response.json());

/** A run's frames behind `after`, as they come, until it ends or is paused. */
export async function* runFrames(id, after, signal) {
  const response = await ask(`${runAddress(id)}/frames?after=${after}`, { signal });
  yield* jsonLines(response.body);
}

/** What arrived stays recorded for a day. */
export const pauseRun = (id) => ask(`${runAddress(id)}/pause`, { method: "POST" });

export const resumeRun = (id) => ask(`${runAddress(id)}/resume`, { method: "POST" });

export const cancelRun = (id) => ask(runAddress(id), { method: "DELETE" });

const runAddress = (id) => `/api/runs/${encodeURIComponent(id)}`;

export const finding = (slug) => ask(`/api/findings/${encodeURIComponent(slug)}`).then((response) => response.json());

/** The recording of a finding. */
export const findingFrames = (slug) => recordedFrames(`/api/findings/${encodeURIComponent(slug)}/frames`);

/** A recording that lies at a path of the app. */
export async function* recordedFrames(path) {
  const response = await ask(path);
  yield* jsonLines(response.body);
}

function post(path, value, signal) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
    signal,
  });
}

/** @param {string} path of the app, wherever that stands on its host */
const ask = (path, options) => keptAnswer(path) ?? fetched(addressOf(path), options);

// A page that is a file holds what it asks for, and asks nobody (app/exports/kept_page.py).
function keptAnswer(path) {
  const kept = globalThis.document?.getElementById("kept");
  if (!kept) return null;
  const answer = JSON.parse(kept.textContent)[path];
  if (answer !== undefined) return Promise.resolve(new Response(answer));
  return Promise.reject(
    new Refused(0, {
      code: "kept_page",
      asked: "This page is a file.",
      allowed: "What is not in it is not asked for.",
      change: "Open it at its link.",
    }),
  );
}

async function fetched(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, {
      code: "no_server",
      asked: "This page asked its server.",
      allowed: "No answer came.",
      change: "Check that it runs and that you are online, then try again.",
    });
  }
  if (response.ok) return response;
  let refusal = null;
  try {
    refusal = (await response.json()).refusal;
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  throw new Refused(
    response.status,
    refusal ?? {
      code: "http",
      asked: `The server answered ${response.status}.`,
      allowed: "It gave no reason.",
      change: "Try again in a moment.",
    },
  );
}
