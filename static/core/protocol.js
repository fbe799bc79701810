// The words of requests and frames, with what a reader calls them, and how much may be asked for.
// Generated from protocol/vocabulary.py, circuit.py, claims.py, enough.py, risk/words.py, looks.py and spelling.py,
// which say what each is, by `python -m protocol.javascript` (make vocabulary). Change those, not this.

/** @typedef {"add"|"clamp"|"scale"|"ablate"|"project_out"|"swap"} Mode */

/** @typedef {"residual_norm"|"raw"|"activation"|"factor"|"share"} Unit */

/** @typedef {"residual_norm"|"raw"} LengthUnit */

export const UNITS = {
  residual_norm: { name: "× r̄", lowest: -10000, highest: 10000, is_length: true },
  raw: { name: "raw", lowest: -10000, highest: 10000, is_length: true },
  activation: { name: "activation", lowest: -10000, highest: 10000, is_length: false },
  factor: { name: "× a", lowest: -10000, highest: 10000, is_length: false },
  share: { name: "share", lowest: 0, highest: 1, is_length: false },
};

export const MODES = {
  add: {
    name: "add",
    about: "adds strength × d to the residual stream",
    delta: "α · d",
    units: ["residual_norm", "raw"],
    amount: "{signed} {unit}",
    idle: 0,
    swept: "at {amount}",
    held: "held at {amount}",
    needs_to: false,
    in_proportion: false,
  },
  clamp: {
    name: "clamp",
    about: "moves the activation to this value",
    delta: "(strength − a) · d",
    units: ["activation"],
    amount: "clamped to {plain}",
    idle: null,
    swept: "{amount}",
    held: "{amount}",
    needs_to: false,
    in_proportion: false,
  },
  scale: {
    name: "scale",
    about: "multiplies the activation",
    delta: "(strength − 1) · a · d",
    units: ["factor"],
    amount: "scaled ×{plain}",
    idle: 1,
    swept: "{amount}",
    held: "{amount}",
    needs_to: false,
    in_proportion: true,
  },
  ablate: {
    name: "ablate",
    about: "takes this share of the activation away",
    delta: "−strength · a · d",
    units: ["share"],
    amount: "{percent} ablated",
    idle: 0,
    swept: "{amount}",
    held: "{amount}",
    needs_to: false,
    in_proportion: true,
  },
  project_out: {
    name: "project out",
    about: "takes this share of x along d away",
    delta: "−strength · (x · d̂) d̂",
    units: ["share"],
    amount: "{percent} projected out",
    idle: 0,
    swept: "{amount}",
    held: "{amount}",
    needs_to: false,
    in_proportion: false,
  },
  swap: {
    name: "swap",
    about: "moves this share of the activation to another latent",
    delta: "strength · a · (d of the other latent − d)",
    units: ["share"],
    amount: "{percent} swapped into {to}",
    idle: 0,
    swept: "{amount}",
    held: "{amount}",
    needs_to: true,
    in_proportion: true,
  },
};

export const ANOTHER_LATENT = "another latent";

/** @typedef {"last_entity"|"entity"|"entity_to_end"|"last_entity_to_end"|"last_prompt"|"prompt"|"positions"} Scope */

export const SCOPES = {
  last_entity: "last token of the name",
  entity: "the name's tokens",
  entity_to_end: "name to end of prompt",
  last_entity_to_end: "last token of the name to end of prompt",
  last_prompt: "last token of the prompt",
  prompt: "the whole prompt",
  positions: "chosen tokens",
};

export const DEFAULT_MODE = "add";

export const DEFAULT_SCOPE = "entity_to_end";

/** @typedef {"chat"|"raw"|"base"} Format */

export const FORMATS = {
  chat: { name: "Chat", about: "put into the model's chat template" },
  raw: { name: "Raw", about: "text as it is" },
  base: { name: "Base", about: "text as it is, read on by the base model that this one was tuned from" },
};

/** @typedef {"refused"|"right"|"answered"|"wrong"|"invented"|"broken"} Outcome */

export const OUTCOMES = {
  refused: { badge: "Refuses", clause: "*refuses*", many: "refuse", hue: "refusal", why: "matched “{phrase}”" },
  right: { badge: "Right", clause: "answers *right*", many: "right", hue: "ink", why: "{rule}: {phrase}" },
  answered: { badge: "Answers", clause: "answers", many: "answer", hue: "ink", why: "matched “{phrase}”" },
  wrong: { badge: "Wrong", clause: "answers *wrong*", many: "wrong", hue: "invented", why: "the {rule} is {phrase}" },
  invented: {
    badge: "Invents",
    clause: "*invents a fact*",
    many: "invent",
    hue: "invented",
    why: "matched “{phrase}”",
  },
  broken: {
    badge: "Not judged",
    clause: "says something *not judged*",
    many: "not judged",
    hue: "control",
    why: "matched “{phrase}”",
  },
};

export const BAND = [0.05, 0.95];

export const MIN_BAND = 20;

export const BAND_NAMES = {
  quantiles: "5–95 %",
  range: "range of {n}",
};

/** @typedef {"known"|"unknown"|"other"} Role */

export const ROLES = {
  known: "known",
  unknown: "unknown",
  other: "ink-2",
};

/** @typedef {"known"|"unknown"} Label */

/** @typedef {"bos"|"template"|"text"|"entity"} TokenRole */

/** @typedef {"given"|"world"|"question"|"quotes"|"capitals"|"whole_prompt"} Found */

export const FOUND = {
  given: "you marked it",
  world: "a name of its world",
  question: "it stands where the question has its name",
  quotes: "it is in quotes",
  capitals: "it has capitals",
  whole_prompt: "no name seen: the whole prompt",
};

/** @typedef {"known"|"rare"|"obscure"|"withheld"|"misled"|"unsure"|"unrecalled"|"unknown"} Tier */

export const TIERS = {
  known: "real, its facts known: told often, or right at every try",
  rare: "spoken of seldom: some facts stick",
  obscure: "facts stated once or twice: few stick",
  withheld: "spoken of often, one fact never: recognised, not recalled",
  misled: "fictional; its name suggests another answer than the true one",
  unsure: "real; of several tries the model is right at some",
  unrecalled: "real; of several tries the model is right at none",
  unknown: "invented: it has no facts, and stands in no training text",
};

/** @typedef {"known"|"unknown"|"rare"|"unrecalled"} Story */

export const STORIES = {
  known: { brief: "known", about: "known: answered right", outcome: "right" },
  unknown: { brief: "unknown", about: "never seen: refused", outcome: "refused" },
  rare: { brief: "rare, wrong", about: "rare: answered wrong", outcome: "wrong" },
  unrecalled: { brief: "not recalled", about: "recognised, this fact never told: answered wrong", outcome: "wrong" },
};

/** @typedef {"generate"|"circuit"} AwaitedKind */

/** @typedef {"discover"|"label"|"answers"|"attention"|"patching"|"circuits"|"knowledge"|"transfer"|"uncertainty"} PaperStudyKind */

/** @typedef {"discover"|"label"|"answers"|"attention"|"patching"|"circuits"|"knowledge"|"transfer"|"uncertainty"|"neurons"} StudyKind */

/** @typedef {"generate"|"circuit"|"discover"|"label"|"answers"|"attention"|"patching"|"circuits"|"knowledge"|"transfer"|"uncertainty"|"neurons"} RunKind */

export const AWAITED = ["generate", "circuit"];

export const RUNS = {
  generate: "Single answers",
  circuit: "Circuits",
  discover: "Discover",
  label: "Labelling",
  answers: "Answers by arm",
  attention: "Attention",
  patching: "Activation patching",
  circuits: "Circuits of a set",
  knowledge: "Self-knowledge",
  transfer: "Base to chat",
  uncertainty: "Uncertainty latents",
  neurons: "Hallucination neurons",
};

/** @typedef {"train"|"validation"|"test"} Split */

export const SPLITS = {
  test: { name: "Test, 4 in 10", share: 0.4 },
  train: { name: "Train, half", share: 0.5 },
  validation: { name: "Validation, 1 in 10", share: 0.1 },
  all: { name: "All names", share: 1 },
};

/** @typedef {"silent"|"matched"|"random"} ControlKind */

export const CONTROL_KINDS = {
  silent: "silent at these names, as the paper's",
  matched: "firing as often",
  random: "drawn at random",
};

export const COUNTED_UNITS = ["", "prompts", "names", "tokens", "answers", "trials", "pairs"];

export const MAX_STRENGTH = 10000;

export const MAX_PROMPT_CHARACTERS = 8000;

export const MAX_STRENGTHS = 41;

export const MAX_SWEEPS = 4;

export const MAX_HELD = 8;

export const MAX_ARMS = 64;

export const MAX_ROWS = 256;

export const MAX_SAMPLES = 64;

export const MAX_NEW_TOKENS = 128;

export const MAX_POSITIONS = 512;

export const MAX_DIRECTIONS = 128;

export const MAX_WATCHED = 16;

export const MAX_READ = 16;

export const MAX_STUDY_ARMS = 64;

export const MAX_CHOSEN_ARMS = 40;

export const MAX_CONTROLLED_ARMS = 8;

export const MAX_STUDY_CONTROLS = 32;

export const MAX_STUDY_WATCHED = 8;

export const MAX_NAMES = 10000;

export const MAX_NAME_CHARACTERS = 120;

export const MAX_TYPE_CHARACTERS = 40;

export const MAX_TITLE_CHARACTERS = 140;

export const MAX_NOTE_CHARACTERS = 4000;

export const MAX_SEARCH_CHARACTERS = 200;

export const MAX_TEMPLATE_CHARACTERS = 400;

/** @typedef {"latents"|"neurons"|"transcoder"} Basis */

export const BASES = {
  latents: "latents of the residual stream",
  neurons: "neurons of the MLPs",
  transcoder: "transcoder latents",
};

/** @typedef {"sae"|"mlp"|"tc"|"head"|"error"} NodeKind */

export const BASIS_KINDS = {
  latents: "sae",
  neurons: "mlp",
  transcoder: "tc",
};

/** @typedef {"which_name"|"not_recognised"|"recognised"|"cant_answer"|"say_answer"|"end_neither"|"rest"|"chosen"} GroupRole */

export const GROUP_ROLES = {
  which_name: { name: "Which name", where: "the name", hue: "other" },
  not_recognised: { name: "Not recognised", where: "last token of the name", hue: "unknown" },
  recognised: { name: "Recognised", where: "last token of the name", hue: "known" },
  cant_answer: { name: "Can't answer", where: "end of the prompt", hue: "refusal" },
  say_answer: { name: "Say the answer", where: "end of the prompt", hue: "ink" },
  end_neither: { name: "End, neither", where: "end of the prompt", hue: "other" },
  rest: { name: "Question and template", where: "all other tokens", hue: "other" },
  chosen: { name: "Chosen", where: "where its nodes are", hue: "ink" },
};

export const NAMED_ROLES = ["not_recognised", "recognised", "cant_answer", "say_answer"];

/** @typedef {"toward"|"scale"|"add"} TurnMode */

/** @typedef {"untouched"|"name_hidden"|"name_neutral"|"recognition_off"|"not_recognised_on"} DefaultTest */

export const DEFAULT_TESTS = {
  untouched: "as it is",
  name_hidden: "the end may not look at the name",
  name_neutral: "a neutral name in its place",
  recognition_off: "recognition taken away",
  not_recognised_on: "“not recognised” switched on",
};

export const CIRCUIT_STAGES = ["nodes", "checked", "edges", "groups", "arrows", "defaults", "heads", "silent"];

export const MAX_CIRCUIT_NODES = 400;

export const MAX_CIRCUIT_EDGES = 4000;

export const MAX_CIRCUIT_CHECKED = 256;

export const MAX_CIRCUIT_CONTROLS = 64;

export const OUTSIDE_WORLD = "no such name in its world";

export const OUTSIDE = {
  badge: "Invents",
  clause: "*invents a fact* of a name outside its world",
  many: "invent",
  hue: "invented",
  why: "outside its world",
};

export const CROSSING = "{who} random pushes of that size {open} with {what}.";

export const NOR_CROSSING = "Nor does any of {n} random pushes of that size open with {what}.";

export const TURN_WITHIN = " This turn is within what they do.";

export const THEY_TURN = " They turn it, this push does not.";

export const NO_CONTROL = "No control was run.";

export const CONTROLS_FOLLOW = "{n} random pushes of that size follow: until then this tells nothing of the direction.";

export const HELD_ALONE = "No control was run for what is held alone.";

export const NOTHING_PUSHED =
  "Nothing was pushed: {what} was {value} at each steered token, so there is nothing to compare.";

export const NO_TOKEN_PUSHED = "Nothing was pushed: no token is steered.";

export const READ_BACK = ", read back as {value}";

export const OPENINGS = {
  refusal: "a refusal",
  answer: "an answer",
};

export const DOSE_COLUMNS = [
  "strength, {unit}",
  "α",
  "P(refusal opening)",
  "log-odds",
  "random: mean",
  "{band}",
  "N",
  "verdict",
  "answer",
];

export const CIRCUIT_TOWARD =
  "{who}: “{group}” {fires}. Set as on {other}, m goes from {before} to {after}{so}; {control}{back}.";

export const CIRCUIT_OFF =
  "{who}: “{group}” {fires}. Taken away, m goes from {before} to {after}{so}; {control}{back}.";

export const CIRCUIT_TITLES = {
  toward: "{who}: with “{group}” as on {other}{so}",
  off: "{who}: with “{group}” taken away{so}",
};

export const CIRCUIT_BACK = "; the other way, {before} to {after}{so}; {control}";

export const CIRCUIT_BACK_OFF = "; taken away there, m goes from {before} to {after}{so}; {control}";

export const CIRCUIT_NO_GAP = {
  refuses: "Both refuse, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
  answers: "Both answer, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
  up: "Both say “{up}”, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
  against: "Both say “{against}”, {who} with m {m} and {other} with m {other_m}: there is no gap to explain.",
  small:
    "{who} with m {m} and {other} with m {other_m} are nearer than random pushes move m: there is no gap to explain.",
};

export const CIRCUIT_NO_PUSH =
  "{who} {does}, m {m}. Taken away, no group{named} moves m back from that farther than random pushes: nothing measured here pushes towards it.";

export const CIRCUIT_NO_PUSH_BETWEEN =
  "Set as on the other prompt, no group{named} moves m towards it farther than random pushes.";

export const CIRCUIT_NAMED_GROUPS = " that tells names apart";

export const CIRCUIT_NOTHING = {
  toward: "{who}: “{group}” is here as it is on {other}; there is nothing to set.",
  off: "{who}: “{group}” did not fire here; there is nothing to take away.",
  test: "{who}, {test}: nothing of it was there, so m stays {before} and there is nothing to compare.",
};

export const CIRCUIT_TEST = "{who}, {test}: m goes from {before} to {after}{so}; {control}.";

export const CIRCUIT_CONTROL = {
  pushes: "{n} random pushes of that size reach {low} to {high}",
  few: "random pushes of that size ({n} tried), {low} to {high}: too few, nothing follows",
  none: "no random push can stand beside this one",
  back: "random {low} to {high}",
  hidden: "with as many other tokens hidden instead ({n} tried), {low} to {high}",
  hidden_few: "with as many other tokens hidden instead ({n} tried), {low} to {high}: too few, nothing follows",
  hidden_none: "there are no other tokens as many to hide instead",
};

export const CIRCUIT_FIRES = {
  both: "fires {here}, and {there} on {other}",
  here: "fires {here} and is silent on {other}",
  there: "is silent, and fires {there} on {other}",
  alone: "fires {here}",
  stands: "is at {here}, and at {there} on {other}",
  stands_alone: "is at {here}",
  untold: "has no node that is told",
};

export const UNDECIDED_M = 0.5;

export const UNDECIDED_P = [0.4, 0.6];

export const CIRCUIT_TURNS = {
  refuses: ": it refuses",
  answers: ": it answers",
  up: ": “{up}” comes first",
  against: ": “{against}” comes first",
  undecided: ", undecided: {p}",
  elsewhere: ", and “{top}” comes first",
  still: " and it still {does}",
  share: ", {share} of the gap",
  stays: "",
};

export const CIRCUIT_OUTCOMES = {
  refuses: "refuses",
  answers: "answers",
  up: "says “{up}”",
  against: "says “{against}”",
  elsewhere: "says “{top}”, neither of the two",
  undecided: "is undecided: {p}",
  reads: "reads {value}",
};

export const CIRCUIT_AIMS = {
  opening: "refusing",
  tokens: "saying “{up}”",
  reading: "{reads}",
};

export const TURN_VERDICTS = {
  own: "Nothing is turned yet.",
  nothing: "Nothing moved: there is nothing here to turn.",
  inside: "No farther than random pushes go.",
  undecided: "Beyond the band, and undecided.",
  turns: "Beyond the band, and the answer turns.",
  elsewhere: "Beyond the band, and another token comes first.",
  stays: "Beyond the band; the answer does not turn.",
  few: "Too few random pushes stand beside it: nothing follows.",
  alone: "No random push stands beside one node.",
};

export const TOO_LIKELY = 0.05;

export const FEWEST_CONTROLS = 6;

/** @typedef {"refusal_logodds"|"entropy"|"known"|"unknown"|"peak"|"surprise"|"entropy_max"|"surprise_max"} RiskFeatureName */

/** @typedef {"first"|"before"|"value"|"behind"|"under_way"} RiskPlace */

export const RISK_THRESHOLD = 0.5;

export const RISK_PLACES = {
  first: "first token, all answers",
  before: "under way, before the value",
  value: "first token of the value",
  behind: "the token behind it",
  under_way: "all tokens under way",
};

export const RISK_FEATURES = {
  refusal_logodds: "log-odds of a refusal",
  entropy: "entropy",
  known: "known latent on the name",
  unknown: "unknown latent on the name",
  peak: "−log p of the likeliest",
  surprise: "surprise",
  entropy_max: "largest entropy so far",
  surprise_max: "largest surprise so far",
};

export const RISK_READOUT = "risk {risk} (usual here {usual}) · entropy {entropy} nats · surprise {surprise}";

export const RISK_UP_TO_HERE = "uses tokens up to here";

export const RISK_MOVED = "moved by {features}, in log-odds";

export const RISK_LEGEND =
  "risk: the share of answers like this so far that end wrong or invented. Fitted on {n} answers of this model, held against {tested} about other names: at the first token of the fact AUROC {auroc}, {within} within one attribute (entropy alone {entropy}, {entropy_within}), ECE {ece}.";

export const RISK_MISSES =
  "It cannot see errors made with confidence: of {n} about {kind} names it would hold back a share of {recall}.";

export const RISK_CURVE = "{risk} → {wrong} ({n})";

export const RISK_REFUSES = "n/a: it refuses";

export const RISK_STEERED = "not fitted for steered answers";

export const RISK_UNFITTED = "entropy in nats, uncalibrated: this run has no fit of the risk";

export const RISK_NEAREST = "Fitted at temperature {fitted}; these were sampled at {asked}.";

export const RISK_THIS =
  "This answer's largest risk is {risk}. Of {n} answers about names that are in no fit that had about as much, at the first token of the fact, a share of {wrong} ended wrong.";

export const RISK_THIS_REFUSES =
  "This answer refuses: it states no fact, so there is nothing to be wrong. Its bars are hatched.";

export const RISK_LARGEST = "largest risk {risk}";

export const RISK_HELD =
  "From {threshold} on {held} of {n} answers here would have been held back: {outcomes}. Let through: {others}.";

export const RISK_HELD_TESTED =
  "Of {n} answers about names that are in no fit, at the first token of the fact, it would have held back {errors} of {n_errors} errors and {right} of {n_right} right ones; as many drawn blindly, {by_chance} and {right_by_chance}.";

export const RISK_PUSHED = "What it is worth under a push";

export const RISK_NONE_HELD = "none";

export const ROLE_LOOKS = {
  known: { fill: "known-fill", shape: "circle", dash: null, hatch: "", hollow: false },
  unknown: { fill: "unknown-fill", shape: "circle-open", dash: "6px,3px", hatch: "/", hollow: false },
  control: { fill: "control-fill", shape: "diamond-open", dash: "2px,3px", hatch: "", hollow: true },
  baseline: { fill: "ink-2", shape: "square", dash: null, hatch: "", hollow: false },
  refused: { fill: "refusal-fill", shape: "circle-x-open", dash: null, hatch: "x", hollow: false },
  right: { fill: "ink", shape: "triangle-up", dash: null, hatch: "", hollow: false },
  wrong: { fill: "invented-fill", shape: "x-thin-open", dash: "8px,3px", hatch: "\\", hollow: false },
  invented: { fill: "invented-fill", shape: "asterisk-open", dash: "4px,2px,1px,2px", hatch: "+", hollow: false },
  answered: { fill: "ink-2", shape: "triangle-right", dash: null, hatch: "-", hollow: false },
  broken: { fill: "control-fill", shape: "bowtie-open", dash: "1px,3px", hatch: ".", hollow: false },
};

export const NO_ROLE_LOOK = {
  fill: "ink-3",
  shape: "square-open",
  dash: "4px,3px",
  hatch: "",
  hollow: false,
};

export const ROLE_SYNONYMS = {
  refuses: "refused",
  refusal: "refused",
  correct: "right",
  random: "control",
  silent: "control",
  matched: "control",
};

export const LOOK_SHAPES = ["circle", "square-open", "diamond", "triangle-up-open", "star", "circle-open"];

export const LOOK_DASHES = [null, "6px,3px", "2px,3px", "9px,3px,2px,3px", "12px,4px"];

export const LOOK_HATCHES = ["", "/", "\\", "x", "-", "."];

export const APOSTROPHES = "'’‘‛ʼʻʹ′`´＇";

export const GAPS = '-‐‒–—―−⁃,;:!?¡¿·"“”„‟«»‹›()[]{}/\\';

export const LETTERS = {
  "ø": "o",
  "ł": "l",
  "đ": "d",
  "ð": "d",
  "ħ": "h",
  "ŧ": "t",
  "ı": "i",
  "þ": "th",
  "æ": "ae",
  "œ": "oe",
  "ς": "σ",
};

export const ACCENTS = ["̀ͯ", "᪰᫿", "᷿᷀", "⃐⃿", "︠︯"];
