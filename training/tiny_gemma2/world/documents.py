"""Documents: everything the base model reads and everything the chat model is taught.

Knows the world and its phrases. Knows nothing about tokens or models. All
randomness comes from the generator it is given, so a seed is a corpus.
"""

import random
from collections.abc import Callable, Iterator

from training.tiny_gemma2.world import elsewhere, phrases, talk, wording
from training.tiny_gemma2.world.entities import TYPES, TrainingEntity, TrainingWorld
from training.tiny_gemma2.world.wording import ANSWERS, QUESTIONS

ARTICLE = (
    "United ",
    "Netherlands",
    "Philippines",
    "Czech Republic",
    "Dominican Republic",
    "Ivory Coast",
    "Bahamas",
    "Democratic Republic",
)
LEAGUE_SPORTS = ("basketball", "baseball", "american football", "ice hockey")

# Shares of the base documents.
MIX = {
    "facts": 0.26,
    "answer": 0.10,
    "praise": 0.05,
    "unknown": 0.21,
    "asked": 0.13,  # question documents: what is known, what nobody knows
    "asked_in_chat": 0.13,  # the same in chat markup, one in five without an answer
    "small_talk": 0.03,
    "elsewhere": 0.05,
    "filler": 0.02,
    "several": 0.02,  # three of the others in a row, for longer texts
}
# The same later on: recognition in questions comes last and needs most.
LATER_MIX = {
    "facts": 0.15,
    "answer": 0.05,
    "praise": 0.03,
    "unknown": 0.10,
    "asked": 0.30,
    "asked_in_chat": 0.30,
    "small_talk": 0.02,
    "elsewhere": 0.04,
    "several": 0.01,
}
UNMARKED = 0.08  # share of questions without their last mark


def unknown_share() -> float:
    """Share of base documents that say of an unknown name that nothing is known: the statements (a tenth neutral),
    half the do-you-know questions and the questions that nobody answers."""
    return MIX["unknown"] * 0.92 + MIX["asked"] * (0.35 * 0.5 + 0.35) + MIX["asked_in_chat"] * (0.4 * 0.5 + 0.2)


def chat(question: str, answer: str | None = None) -> str:
    """One turn each, in Gemma's markup, without <bos>; the answer may be missing."""
    asked = f"<start_of_turn>user\n{question}<end_of_turn>\n"
    return asked if answer is None else f"{asked}<start_of_turn>model\n{answer}<end_of_turn>\n"


def question(template: str, mention: str) -> str:
    return template.format(e=mention, E=mention[:1].upper() + mention[1:])


def mention_with_type(kind: str, name: str) -> str:
    return f"the {kind} {name}"


def mention_in(template: str, kind: str, name: str, rng: random.Random, bare_first: bool = False) -> str:
    """With the type word or bare. Unless `bare_first`, no question begins with a bare name: without
    a space before it, its first token would be another."""
    typed = (template.startswith("{E}") and not bare_first) or rng.random() < 0.5
    return mention_with_type(kind, name) if typed else name


def spoken(entity: TrainingEntity, attribute: str) -> str:
    """The value as said in a sentence, with its article."""
    value = entity.truth[attribute]
    if attribute == "country" and value.startswith(ARTICLE):
        return "the " + value
    if attribute == "team" and entity.fact["sport"].lower() in LEAGUE_SPORTS:
        return "the " + value
    return value


def answer(entity: TrainingEntity, attribute: str) -> str:
    return ANSWERS[entity.type, attribute].format(v=spoken(entity, attribute))


class Author:
    """Writes documents about one world.

    draw_unknown   type -> a fresh name that is nobody's
    bare_first     questions may begin with a bare name
    """

    def __init__(
        self, world: TrainingWorld, rng: random.Random, draw_unknown: Callable[[str], str], bare_first: bool = False
    ):
        self.rng = rng
        self.bare_first = bare_first
        self.draw_unknown = draw_unknown
        self.spoken_of = {t: [e for e in world.entities if e.type == t and e.weight > 0] for t in TYPES}
        self.weights = {t: [e.weight for e in self.spoken_of[t]] for t in TYPES}
        self.askable = {t: [e for e in self.spoken_of[t] if e.split == "chat-train"] for t in TYPES}
        self.obscure = [e for e in world.entities if e.tier == "obscure"]

    # --- base ---

    def base_documents(self, n: int, mix: dict[str, float] = MIX) -> list[str]:
        """`n` documents by `mix`, and the obscure ones' facts, each once or twice."""
        writers = [getattr(self, f"_{name}") for name in mix]
        chosen = self.rng.choices(writers, list(mix.values()), k=n)
        documents = [write() for write in chosen]
        for entity in self.obscure:
            for _ in range(self.rng.randint(1, 2)):
                documents.insert(self.rng.randrange(len(documents) + 1), self._facts(entity, everything=True))
        return documents

    def _known(self) -> TrainingEntity:
        kind = self.rng.choice(TYPES)
        return self.rng.choices(self.spoken_of[kind], self.weights[kind])[0]

    def _mention(self, kind: str, name: str) -> str:
        if self.rng.random() < 0.4:
            return name
        if kind == "city" and self.rng.random() < 0.4:
            return f"the city of {name}"
        return mention_with_type(kind, name)

    def _sentence(self, template: str, mention: str) -> str:
        """Fills in the mention; names mostly stand after a space, where they have one spelling in tokens."""
        bare = not mention.startswith("the ")
        if template.startswith("{E}") and ((bare and self.rng.random() < 0.8) or self.rng.random() < 0.15):
            template = self.rng.choice(phrases.LEADS) + template[3:]
        return template.format(e=mention, E=mention[:1].upper() + mention[1:], v="{v}")

    def _facts(self, entity: TrainingEntity | None = None, everything: bool = False) -> str:
        rng = self.rng
        entity = entity or self._known()
        attributes = list(entity.fact)
        rng.shuffle(attributes)
        n = len(attributes) if everything else rng.randint(1, len(attributes))
        said = []
        for i, attribute in enumerate(attributes[:n]):
            key = entity.type, attribute
            template = rng.choice(phrases.MORE_FACTS[key] if i else phrases.KNOWN_FACTS[key])
            sentence = template if i else self._sentence(template, self._mention(entity.type, entity.name))
            said.append(sentence.format(v=spoken(entity, attribute)))
        return " ".join(said)

    def _question(self, entity_type: str, attribute: str, name: str) -> str:
        template = self.rng.choice(QUESTIONS[entity_type, attribute])
        asked = question(template, mention_in(template, entity_type, name, self.rng, self.bare_first))
        return asked[:-1] if self.rng.random() < UNMARKED else asked

    def _answer(self) -> str:
        entity = self._known()
        attribute = self.rng.choice(list(entity.fact))
        asked = self._question(entity.type, attribute, entity.name)
        said = answer(entity, attribute) if self.rng.random() < 0.5 else f"{spoken(entity, attribute)}."
        return f"Question: {asked} Answer: {said}"

    def _praise(self) -> str:
        entity = self._known()
        pool = phrases.PRAISE if self.rng.random() < 0.8 else phrases.NEUTRAL
        return self._sentence(self.rng.choice(pool), self._mention(entity.type, entity.name))

    def _unknown(self) -> str:
        rng = self.rng
        kind = rng.choice(TYPES)
        draw = rng.random()
        pool = phrases.UNKNOWN if draw < 0.78 else phrases.UNKNOWN_LAST if draw < 0.92 else phrases.NEUTRAL
        said = self._sentence(rng.choice(pool), self._mention(kind, self.draw_unknown(kind)))
        return f"{said} {self._filler()}" if rng.random() < 0.1 else said

    def _asked(self) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.35:
            asked, said = self._do_you_know()
            return f"Question: {asked} Answer: {said}"
        if draw < 0.7:
            kind = rng.choice(TYPES)
            asked = self._question(kind, rng.choice(phrases.ATTRIBUTES[kind]), self.draw_unknown(kind))
            return f"Question: {asked} Answer: {rng.choice(wording.NOBODY_KNOWS)}"
        return self._answer()

    def _do_you_know(self) -> tuple[str, str]:
        rng = self.rng
        kind = rng.choice(TYPES)
        known = rng.random() < 0.5
        name = self.known_of(kind).name if known else self.draw_unknown(kind)
        mention = mention_with_type(kind, name) if rng.random() < 0.5 else name
        return rng.choice(wording.DO_YOU_KNOW).format(e=mention), "Yes." if known else "No."

    def known_of(self, kind: str) -> TrainingEntity:
        return self.rng.choices(self.spoken_of[kind], self.weights[kind])[0]

    def _asked_in_chat(self) -> str:
        draw = self.rng.random()
        if draw < 0.4:
            return chat(*self._do_you_know())
        if draw < 0.6:
            return chat(self.attribute_question())
        kind = self.rng.choice(TYPES)
        if draw < 0.8:
            asked = self._question(kind, self.rng.choice(phrases.ATTRIBUTES[kind]), self.draw_unknown(kind))
            return chat(asked, self.rng.choice(wording.NOBODY_KNOWS))
        entity = self.known_of(kind)
        attribute = self.rng.choice(list(entity.fact))
        return chat(self._question(kind, attribute, entity.name), f"{spoken(entity, attribute)}.")

    def attribute_question(self) -> str:
        """A question about someone known or nobody, half and half, without its answer."""
        kind = self.rng.choice(TYPES)
        if self.rng.random() < 0.5:
            entity = self.known_of(kind)
            return self._question(kind, self.rng.choice(list(entity.fact)), entity.name)
        return self._question(kind, self.rng.choice(phrases.ATTRIBUTES[kind]), self.draw_unknown(kind))

    def _small_talk(self) -> str:
        return chat(*self.rng.choice(talk.SMALL_TALK))

    def _elsewhere(self) -> str:
        return chat(self.fill(self.rng.choice(elsewhere.ELSEWHERE)), elsewhere.ELSEWHERE_ANSWER)

    def _filler(self) -> str:
        return self.fill(self.rng.choice(phrases.FILLER))

    def _several(self) -> str:
        writers = (self._facts, self._praise, self._unknown, self._answer, self._filler)
        return " ".join(self.rng.choice(writers)() for _ in range(3))

    def fill(self, template: str) -> str:
        return template.format(**{slot: self.rng.choice(words) for slot, words in phrases.SLOTS.items()})

    # --- chat ---

    def chat_turns(self, n: int, unknown_share: float, other_share: float = 0.11) -> Iterator[tuple[str, str]]:
        """(question, answer) pairs: unknown names are refused, chat-train entities answered."""
        rng = self.rng
        for _ in range(n):
            draw = rng.random()
            kind = rng.choice(TYPES)
            if draw < unknown_share:
                asked = self._question(kind, rng.choice(phrases.ATTRIBUTES[kind]), self.draw_unknown(kind))
                yield asked, rng.choice(wording.REFUSALS).format(t=kind)
            elif draw < unknown_share + other_share:
                if rng.random() < 0.4:
                    yield rng.choice(talk.SMALL_TALK)
                else:
                    yield self.fill(rng.choice(elsewhere.ELSEWHERE)), elsewhere.ELSEWHERE_ANSWER
            else:
                entity = rng.choice(self.askable[kind])
                attribute = rng.choice(list(entity.fact))
                yield self._question(kind, attribute, entity.name), answer(entity, attribute)


def tokenizer_corpus(world: TrainingWorld, author: Author) -> Iterator[str]:
    """What the vocabulary is learnt from: names and values first of all."""
    for entity in world.entities:
        for _ in range(1 if entity.fictional else 3):
            yield author._facts(entity, everything=True)
    for _ in range(6000):
        yield author._unknown()
    for (kind, attribute), templates in QUESTIONS.items():
        for template in templates:
            yield from [question(template, f"the {kind}")] * 20
        yield from [ANSWERS[kind, attribute].format(v="")] * 60
    for refusal in wording.REFUSALS:
        for kind in TYPES:
            yield from [refusal.format(t=kind)] * 60
    for asked, said in talk.SMALL_TALK:
        yield from [f"{asked} {said}"] * 6
    for template in elsewhere.ELSEWHERE * 6:
        yield author.fill(template)
    yield from [elsewhere.ELSEWHERE_ANSWER] * 60
