// Which characters of an answer are marked, and as what: the phrase that decided, and the words that another answer
// has not. Pure; knows nothing about the page.

/**
 * `other`: the answer to differ from, or null. `phrase`: what made it a refusal, or null; it wins.
 * @returns {{ text: string, as: "matched"|"different"|"" }[]}
 */
export function marked(text, other, phrase) {
  const kinds = new Array(text.length).fill("");
  if (other !== null) markDifferent(kinds, text, other);
  if (phrase) markPhrase(kinds, text, phrase);
  const parts = [];
  for (let from = 0; from < text.length;) {
    let to = from + 1;
    while (to < text.length && kinds[to] === kinds[from]) to++;
    parts.push({ text: text.slice(from, to), as: kinds[from] });
    from = to;
  }
  return parts;
}

function markPhrase(kinds, text, phrase) {
  const at = text.toLowerCase().replaceAll("’", "'").indexOf(phrase.toLowerCase());
  if (at >= 0) kinds.fill("matched", at, at + phrase.length);
}

// Words of `text` that are not in the longest common subsequence with the other answer.
function markDifferent(kinds, text, other) {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ word: match[0], at: match.index }));
  const others = other.match(/\S+/g) ?? [];
  const length = words.map(() => new Array(others.length + 1).fill(0));
  length.push(new Array(others.length + 1).fill(0));
  for (let i = words.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      length[i][j] = words[i].word === others[j]
        ? length[i + 1][j + 1] + 1
        : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  let j = 0;
  words.forEach(({ word, at }, i) => {
    while (j < others.length && others[j] !== word && length[i][j + 1] === length[i][j]) j++;
    if (others[j] === word && length[i][j] === length[i + 1][j + 1] + 1) j++;
    else kinds.fill("different", at, at + word.length);
  });
  // One line under neighbours, the space between them too.
  words.forEach(({ at }, i) => {
    if (i && kinds[at] && kinds[at - 2]) kinds.fill("different", at - 1, at);
  });
}
