// What a labelling says of each name under any thresholds, counted from its trials; and the labelled set, to be handed to
// a search. Pure but for `handOver`.

const KEY = "names-handed-over";

/**
 * A name is known where at least `tau` attributes are right in at least `k` of their samples, unknown where none is
 * (Ferrando et al., section 3); else it is neither. `right`: of each attribute, how many samples.
 * @returns {{ name: string, type: string, group: string, label: "known"|"unknown"|null, right: number[] }[]}
 */
export function labelled({ opening, trials }, { k, tau }) {
  const right = new Map();
  for (const { name, answers } of trials) {
    const n = answers.filter(({ sample, outcome }) => sample > 0 && outcome === "right").length;
    right.set(name, [...(right.get(name) ?? []), n]);
  }
  return [...right].map(([number, counts]) => {
    const { name, type, group } = opening.names[number];
    const n = counts.filter((one) => one >= k).length;
    return { name, type, group, right: counts, label: n >= tau ? "known" : n === 0 ? "unknown" : null };
  });
}

/** How many of each type are known, unknown and neither. */
export function countedByType(list) {
  const counts = new Map();
  for (const { type, label } of list) {
    const now = counts.get(type) ?? { known: 0, unknown: 0, neither: 0 };
    now[label ?? "neither"] += 1;
    counts.set(type, now);
  }
  return counts;
}

/** A CSV as the names picker reads it: those that have a label. */
export function csvOfLabelled(list) {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = list.filter(({ label }) => label).map(({ name, type, label }) =>
    [name, type, label].map(cell).join(",")
  );
  return ["name,type,label", ...rows].join("\n");
}

/** Keeps those that have a label for the next page of this tab. */
export function handOver(list) {
  const names = list.filter(({ label }) => label).map(({ name, type, label }) => ({ name, type, label }));
  sessionStorage.setItem(KEY, JSON.stringify({ kind: "given", names }));
}

/** What was handed over, once: names of protocol/worker/names.py, or null. */
export function handedOver() {
  try {
    const names = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    return names;
  } catch {
    return null;
  }
}
