// Node's strict assertions, as Deno has them. Not imported by their name: that loads Node's types, and by those every
// timer of a page is an object.

export default globalThis.process.getBuiltinModule("node:assert/strict");
