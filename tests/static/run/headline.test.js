import assert from "../assert.js";
import { headline } from "/static/run/verdicts.js";

const asked = (prompt, name) => ({
  start: { entity: { text: name }, request: { prompt, sweeps: [], hold: [] }, arms: [] },
  arms: [],
});
const untouched = { sweep: null, strength: null };

Deno.test("a pair's title names both, and quotes both prompts where the name is the same", () => {
  const batkin = asked("Who is Michael Batkin?", "Michael Batkin");
  const jordan = asked("Who is Michael Jordan?", "Michael Jordan");
  const said = "what the model says untouched";
  assert.deepEqual(headline(batkin, untouched, null), `Michael Batkin: ${said}`);
  assert.deepEqual(headline(batkin, untouched, null, jordan), `Michael Batkin beside Michael Jordan: ${said}`);
  const film = asked("Who directed Titanic?", "Titanic");
  const opening = asked("The movie Titanic was directed by", "Titanic");
  assert.deepEqual(
    headline(film, untouched, null, opening),
    `“Who directed Titanic?” beside “The movie Titanic was directed by”: ${said}`,
  );
});
