// What a door says of a symbol or a word of the field, by its key, and how symbols are found in running text.
// Generated from protocol/glossary, which says more, by `python -m protocol.javascript` (make vocabulary). Change that,
// not this.

export const TERMS = {
  token: {
    name: "token",
    sentence: "A piece of text as the model reads it, often shorter than a word; · stands for a space.",
  },
  entity: {
    name: "name",
    sentence:
      "What the prompt asks about: the longest name in it, of the model's world, in quotes or in capitals, or where one of the model's questions has its name; else the whole prompt.",
  },
  residual_stream: {
    name: "residual stream",
    symbol: "x",
    sentence: "The list of numbers per token that every block of the model reads and adds to.",
    formula: "x after block l = x before it + what its attention adds + what its MLP adds",
  },
  residual_norm: {
    name: "norm of the residual",
    symbol: "‖x‖",
    sentence: "The length of the residual stream's vector at a token: how much there is to push against.",
    formula: "‖x‖ = √(x₁² + x₂² + …)",
  },
  site: {
    name: "site",
    symbol: "L3 resid_post",
    sentence:
      "Where the model is read and steered: L3 is the residual stream behind block 3, blocks counted from 0 as sae-lens does.",
  },
  paper_layer: {
    name: "the paper's layer",
    sentence: "The same place as the paper counts it: by the block that reads it, so one more than sae-lens' number.",
    formula: "paper's layer = sae-lens layer + 1",
  },
  dictionary: {
    name: "dictionary (SAE)",
    sentence:
      "A sparse autoencoder: it rewrites the residual stream at one site as a few active latents out of many, and misses the rest.",
    formula: "a = JumpReLU(x · W_enc + b_enc),   x ≈ a · W_dec + b_dec",
  },
  latent: {
    name: "latent",
    symbol: "L3 #4",
    sentence: "One unit of a dictionary, a paper's feature: L3 #4 is latent number 4 of the dictionary at layer 3.",
  },
  activation: {
    name: "activation",
    symbol: "a",
    sentence: "How strongly a latent fires at a token: 0, or above its threshold.",
    formula: "a = x · w + b where that exceeds the latent's threshold, else 0",
  },
  fvu: {
    name: "fraction of variance unexplained",
    symbol: "FVU",
    sentence:
      "The share of what the residual stream does on this prompt that the dictionary fails to rebuild: 0 is all of it rebuilt.",
    formula: "FVU = Σ ‖x − x̂‖² / Σ ‖x − x̄‖², over the prompt's tokens but BOS",
  },
  known_latent: {
    name: "known-entity latent",
    sentence:
      "A latent that fires on names the model knows and, in every type of name, less often on names it doesn't.",
  },
  unknown_latent: {
    name: "unknown-entity latent",
    sentence:
      "A latent that fires on names the model does not know and, in every type of name, less often on those it does.",
  },
  logit_lens: {
    name: "logit lens",
    sentence:
      "What a direction would make likelier as the next token, and what less likely, if the model read it off at once.",
    formula: "logits = U · (g ⊙ d), with the unembedding U and the final norm's gain g",
  },
  firing: {
    name: "where it fires",
    sentence: "The tokens of a sample of ordinary text on which the latent is above 0, the strongest first.",
  },
  rank: {
    name: "rank at this token",
    sentence: "The latent's place among all that fire at this token, the strongest being 1.",
  },
  direction: {
    name: "direction",
    symbol: "d",
    sentence:
      "What is added to the residual stream: a latent's decoder row, or a named vector such as a difference of means.",
  },
  d_norm: {
    name: "norm of the direction",
    symbol: "‖d‖",
    sentence: "The length of what is added for α = 1.",
    formula: "‖d‖ = √(d₁² + d₂² + …)",
  },
  r_bar: {
    name: "mean residual norm",
    symbol: "r̄",
    sentence:
      "The mean length of the residual stream at the last token of a name, at this layer: the yardstick for how hard a push is.",
    formula: "r̄ = mean of ‖x‖ at the last token of validation names, a number for each layer",
  },
  strength: {
    name: "strength",
    sentence: "How hard is pushed: as a multiple of r̄, raw as α, or in the unit of the mode.",
  },
  alpha: {
    name: "α, the raw strength",
    symbol: "α",
    sentence: "How many times the direction is added to the residual stream at each steered token.",
    formula: "α = m · r̄ / ‖d‖, for a strength of m × r̄",
  },
  mode: {
    name: "mode",
    sentence:
      "What exactly is added to the residual stream, everything else left as it is, the dictionary's error included.",
    formula: "added = (constant + slope · a) · d",
  },
  mode_add: { name: "add", sentence: "Adds α times the direction, whatever was there.", formula: "x ← x + α · d" },
  mode_clamp: {
    name: "clamp",
    sentence: "Moves the latent's activation to a value.",
    formula: "x ← x + (strength − a) · d",
  },
  mode_scale: {
    name: "scale",
    sentence: "Multiplies the latent's activation: ×0 silences it, ×1 changes nothing.",
    formula: "x ← x + (strength − 1) · a · d",
  },
  neurons: {
    name: "neurons, scaled",
    sentence:
      "What down_proj reads of the chosen neurons, times the strength: ×0 silences them, ×1 changes nothing, bit for bit.",
    formula: "h′ = h + Σ (strength − 1) · zⱼ wⱼ; x ← x + N(h′) − N(h)",
  },
  cett: {
    name: "CETT, a neuron's share",
    symbol: "CETT",
    sentence: "How much of what its MLP writes is one neuron's, at one token; of a set the mean over its neurons.",
    formula: "CETTⱼ = |zⱼ| · ‖wⱼ‖ / ‖h‖, with h = Σ zⱼ wⱼ",
  },
  mode_ablate: {
    name: "ablate",
    sentence: "Takes a share of the latent's activation away; all of it at 100 %.",
    formula: "x ← x − strength · a · d",
  },
  mode_project_out: {
    name: "project out",
    sentence: "Takes away a share of everything that lies along the direction, fired or not.",
    formula: "x ← x − strength · (x · d̂) d̂",
  },
  mode_swap: {
    name: "swap",
    sentence: "Moves a share of one latent's activation to another.",
    formula: "x ← x + strength · a · (d of the other − d)",
  },
  scope: {
    name: "scope",
    sentence:
      "Which tokens are steered: the name's last, all of it, from it to the end of the prompt, or those you choose.",
  },
  generated: {
    name: "generated tokens too",
    sentence: "The push goes on while the model writes, at each token that it has written.",
  },
  measured: {
    name: "measured",
    sentence: "The latent's activation at the steered token, read before and after the push.",
    formula: "a before → a after",
  },
  arm: {
    name: "arm",
    sentence:
      "One way of asking the same question: the baseline, or one strength of one push; +known adds the known latent. All arms are answered at once.",
  },
  baseline: { name: "baseline", sentence: "What the untouched model says to the same question." },
  held: { name: "held", sentence: "A push that stays on in every arm but the baseline while another one is varied." },
  p_refusal: {
    name: "P(refusal opening)",
    sentence: "The probability that the answer's first token opens a refusal, such as the “I” of “I'm sorry”.",
    formula: "P = Σ p(t) over the first tokens t that open a refusal, a list of the model's card",
  },
  logodds: {
    name: "log-odds",
    sentence:
      "A probability on a scale where .95 to .99 is as far as .5 to .84, and 0 is one half. Of a refusal: all its openings against all else, which is a circuit's m too.",
    formula: "log-odds = ln P − ln(1 − P)",
  },
  nats: {
    name: "nat",
    symbol: "nats",
    sentence: "The unit of information with natural logarithms: 1 nat is a factor of e = 2.72 in probability.",
    formula: "0.69 nats = a factor of 2, 2.30 nats = a factor of 10",
  },
  logprob: {
    name: "log-probability of a token",
    symbol: "log p",
    sentence: "How likely the model itself found the token that stands there: p in percent, log p as a logarithm.",
    formula: "log p = ln of the softmax at that token, temperature 1",
  },
  entropy: {
    name: "entropy",
    sentence: "How undecided the model is about the next token: 0 where one is certain, larger the more are in play.",
    formula: "H = −Σ p ln p over the vocabulary",
  },
  risk: {
    name: "risk of a token",
    sentence: "The share of answers like this so far that end wrong or invented, judged by what came up to here.",
    formula: "p = 1 / (1 + exp(−(b + Σ w x))), x entropy, surprise and their largest values so far",
  },
  reliability: {
    name: "reliability curve",
    sentence:
      "Of tokens with about the same risk, the share whose answer ended wrong: equal where the risk is calibrated.",
    formula: "ten equal parts of 0 to 1: mean risk → share that ended wrong",
  },
  ece: {
    name: "expected calibration error",
    symbol: "ECE",
    sentence: "How far risk and outcome are apart on average, over the parts of the reliability curve.",
    formula: "Σ over the parts of n / N · |mean risk − share that ended wrong|",
  },
  token_surprise: {
    name: "surprise",
    sentence: "How unlikely the model itself found the token that was drawn.",
    formula: "−log p of the token",
  },
  first_token: {
    name: "first token",
    sentence: "The likeliest first tokens of the answer, before and after the push; most answers are decided there.",
  },
  verdict: {
    name: "verdict",
    sentence:
      "What the whole answer amounts to, by rules in a fixed order; the badge names the rule or the phrase that decided.",
    formula: "empty → small talk → refusal → unfinished → grammar → name → world → fact",
  },
  refused: {
    name: "refuses",
    sentence: "The answer's first sentence says that it doesn't know, can't tell or needs more.",
  },
  right: { name: "right", sentence: "The fact that was asked for stands in the answer as a whole word." },
  wrong: {
    name: "wrong",
    sentence: "The model's world holds the fact that was asked for, and the answer holds another.",
  },
  invented: { name: "invents", sentence: "A fact is stated about a name for which no true one exists." },
  answered: { name: "answers", sentence: "Something is stated, and whether it is true is not known here." },
  broken: {
    name: "not judged",
    sentence: "Empty, without an end, or outside the form that the model's answers have.",
  },
  paper_rule: {
    name: "refused, the paper's rule",
    sentence: "Whether any of the paper's refusal phrases stands in the answer, its list taken to the letter.",
  },
  decoding: {
    name: "decoding",
    sentence:
      "How tokens are chosen: greedy takes the likeliest each time, else they are drawn with a temperature and a seed.",
    formula: "p ∝ exp(logit / temperature), cut to the likeliest tokens that hold top-p",
  },
  samples: { name: "samples", sentence: "More answers of the same arm, drawn at a temperature, counted by verdict." },
  ribbon: {
    name: "ribbon of answers",
    sentence: "Below the curve: a segment for each stretch of strengths that give the same answer, word for word.",
  },
  dose_response: {
    name: "dose–response curve",
    sentence:
      "P(refusal opening) at every strength of the push; rings are measured, the line joins them without overshooting.",
  },
  tier: {
    name: "tier",
    sentence:
      "How a name stands with the model: by how often its training text states the facts, or by how often the model gives them when asked.",
    formula:
      "known: real, its facts known: told often, or right at every try\nrare: spoken of seldom: some facts stick\nobscure: facts stated once or twice: few stick\nwithheld: spoken of often, one fact never: recognised, not recalled\nmisled: fictional; its name suggests another answer than the true one\nunsure: real; of several tries the model is right at some\nunrecalled: real; of several tries the model is right at none\nunknown: invented: it has no facts, and stands in no training text",
  },
  chat_tuning: {
    name: "chat tuning",
    sentence: "The last part of a chat model's training, on questions and answers, and whether a name was asked there.",
  },
  test_half: {
    name: "test half",
    sentence: "The names that no choice was made on: a push or a latent was chosen on others, and is judged on these.",
  },
  control: {
    name: "control: random directions",
    sentence: "The same push at the same tokens, along directions drawn at random and just as long.",
    formula: "d_random = ‖d‖ · z / ‖z‖,  z normal",
  },
  push_size: {
    name: "of that size",
    sentence:
      "As long as the push that it stands beside, at the same tokens and in the same layers: as much is added to the residual stream, only along a direction drawn at random.",
    formula: "‖δ random‖ = ‖δ‖ at each token and layer; δ: α · d of a push, Σ (a″ − a) d of a group",
  },
  band: {
    name: "band, 5–95 %",
    sentence: "Where nine in ten of the random directions end up: from their 5 % quantile to their 95 % quantile.",
    formula: "quantiles of the log-odds under N directions, linear between the two nearest",
  },
  random_mean: {
    name: "mean of the random directions",
    sentence: "The mean of the log-odds under the random directions, shown as a probability: the dashed line.",
  },
  n: {
    name: "N",
    sentence: "How many were counted: directions of a control, prompts or names of a study, samples of an arm.",
  },
  seed: {
    name: "seed",
    sentence:
      "The number from which everything random is drawn: the same seed gives the same directions, names and samples.",
  },
  silent: {
    name: "silent latents",
    sentence: "Controls of a study: latents of the same layer that never fire at these names, pushed just as hard.",
  },
  matched: {
    name: "matched latents",
    sentence:
      "Controls of a study: latents of the same layer that fire at these names about as often, pushed just as hard.",
  },
  interval: {
    name: "95 % interval",
    sentence:
      "Where the true value would lie in 95 of 100 repetitions: Wilson's for shares, Newcombe's for their differences and for AUROC, Student's for means.",
    formula: "Wilson: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),  z = 1.96",
  },
  crossing: {
    name: "“None of 32 random pushes”",
    sentence: "Counted at the first answer token: how many random directions make the other opening the likelier one.",
  },
  circuit: {
    name: "circuit",
    sentence: "The latents that lead from the name to the answer or to the refusal, and what each does to the others.",
  },
  m: {
    name: "m",
    sentence:
      "The log-odds that the next token opens a refusal; where two tokens are named, or in older findings, how far the logit of one is ahead of the other's.",
    formula: "m = ln Σ exp logit(up) − ln Σ exp logit(against), after the cap",
  },
  gap: {
    name: "gap",
    sentence: "How far the two prompts are apart in m: what a circuit of two prompts explains.",
    formula: "gap = m of the first prompt − m of the second",
  },
  node: {
    name: "node",
    sentence: "One latent, neuron or head at one token, with how strongly it is active there on either prompt.",
  },
  edge: {
    name: "edge",
    sentence: "What one node does directly to another, with where heads look, norms and gates as they were.",
    formula: "E = a(u) · d(u) J d(t), by RelP",
  },
  error_node: {
    name: "error",
    sentence: "What a dictionary does not read at a token: a node of its own, which nobody can name.",
    formula: "error = x − Σ a d − b, or all of a layer that has no dictionary",
  },
  transcoder: {
    name: "transcoder",
    sentence:
      "A sparse stand-in for an MLP: from what the MLP reads to what it adds, through few active latents. A circuit by transcoders has those for nodes, which act on all layers above.",
    formula: "a = JumpReLU(x/rms(x) · W_enc + b_enc),   MLP(x) = a · W_dec + b_dec + error",
  },
  circuit_group: {
    name: "group",
    sentence:
      "Nodes that play one part: at the same place of the prompt, and told apart by whether known or unknown names make them fire.",
    formula: "correlation r of a latent with known or unknown, over names that are not asked about here",
  },
  recognition: {
    name: "recognised, not recognised",
    sentence:
      "Whether a name has been met: in a circuit all that fires at its last token on known names, or on unknown ones; Explore's slider for a known or an unknown entity pushes one of them.",
  },
  group_share: {
    name: "% of a group",
    sentence:
      "Its share of the gap: what m does where this group alone goes to the other prompt's values, mean of both. Groups act through one another, so shares do not add up to 100 %.",
    formula: "½ (Δm a → b − Δm b → a) / gap, integrated gradients along the group's own path",
  },
  circuit_arrow: {
    name: "arrow",
    sentence: "How far one group moves when another is set to the other prompt's values: 1 is all of the way.",
    formula: "share = Σ w (a − a′)(a″ − a′) / Σ w (a″ − a′)², w = ‖d‖²",
  },
  progress: {
    name: "progress",
    sentence: "Where a group stands between its values on the one prompt and on the other: the gauge under its name.",
    formula: "0: as on the first prompt, 1: as on the second",
  },
  swap: {
    name: "swap",
    sentence: "A node or a group set to the value that it has on the other prompt, everything else left to follow.",
    formula: "δ = Σ (a″ − a) d, added at its tokens",
  },
  ablation: {
    name: "ablation",
    sentence: "A node or a group switched off, everything else left to follow.",
    formula: "δ = −Σ a d, added at its tokens",
  },
  graph_predicts: {
    name: "graph predicts",
    sentence: "What the drawing says that a turn will do, before the model is asked.",
    formula: "Σ of the turned nodes' RelP, or the gradient of one node",
  },
  integrated_gradients: {
    name: "integrated gradients",
    sentence:
      "A node's share of a total, by the gradient along the whole way between two prompts instead of at one end.",
    formula: "mean over midpoints of ∂m/∂x · (x − x′)",
  },
  relp: {
    name: "RelP",
    sentence: "A gradient with norms, gates and where heads look held still: what flows in adds up to what comes out.",
    formula: "∂m/∂x with rms, gelu(g)/g and attention patterns as constants",
  },
  qk_part: {
    name: "QK part",
    sentence: "The part of an edge that goes through where heads look, not through what they move.",
    formula: "edge − the same edge with attention patterns held still",
  },
  silent_node: {
    name: "did not fire",
    sentence: "A latent that fires on the other prompt and is below its threshold here, by the margin told.",
    formula: "margin = threshold − pre-activation",
  },
  nodes_shown: {
    name: "nodes shown",
    sentence: "How much of the gap, or of m, the nodes of this drawing carry together, layer by layer: least to most.",
  },
  node_check: {
    name: "checked, r",
    sentence: "Nodes that were set one at a time in the model, and how well what it did goes with what the graph says.",
    formula: "r = correlation of effect and measured change, errors left out",
  },
  node_budget: {
    name: "told",
    sentence: "How many nodes and edges a circuit tells: the strongest of so many that differ, or fire.",
  },
  alike_tokens: {
    name: "alike",
    sentence:
      "So many tokens that both prompts share, folded: what happens at them is drawn in “Question and template”.",
  },
  default_test: {
    name: "default test",
    sentence:
      "Whether the model refuses where it can't know whom it is asked about: the end can't see the name, the name is neutral, or recognition is taken away.",
  },
  unexplained: {
    name: "unexplained",
    sentence:
      "What is left of the gap when a layer's nodes, errors and tokens without a partner are counted. By neurons or transcoders: what goes around that layer's MLP.",
    formula: "gap − a layer's total",
  },
  held_still: {
    name: "held still",
    sentence: "What the graph does not let move when it predicts: where heads look, norms and gates.",
  },
  fires_on: {
    name: "share on which it fires",
    symbol: "f",
    sentence: "The share of known, or of unknown, names at whose last token the latent is above 0.",
    formula: "f_known = known names on which a > 0 / known names",
  },
  separation: {
    name: "separation",
    symbol: "s",
    sentence:
      "By how much more often a latent fires on known names than on unknown ones, in one type of name; for unknown latents the other way round.",
    formula: "s_known = f_known − f_unknown,   s_unknown = −s_known",
  },
  separation_min: {
    name: "separation, least over types",
    sentence: "What latents are ranked by: the separation in the type of name where it is worst.",
    formula: "score = min over types of s;  of a layer: max over its latents of that (MaxMin)",
  },
  split: {
    name: "train, validation, test",
    sentence:
      "Half of the names rank, a tenth chooses settings, four tenths only test, dealt by a hash of the seed and the name.",
  },
  auroc: {
    name: "AUROC",
    sentence:
      "The chance that a known name scores higher than an unknown one, ties half: 1 tells them apart, 0.5 not at all.",
    formula: "share of pairs (known, unknown) in which the known one is greater",
  },
  corpus_filter: {
    name: "corpus filter",
    sentence:
      "Leaves out latents that fire on a given share of ordinary text or more: those are about text, not about names.",
    formula: "left out where share of text tokens with a > 0 ≥ threshold",
  },
  probe: {
    name: "probe",
    sentence:
      "A direction fitted to tell known from unknown names without any dictionary: a logistic regression, or the difference of the two means.",
    formula: "score = x · w, with w fitted on the training half",
  },
  shuffled: {
    name: "shuffled labels",
    sentence: "The best that would be found if “known” and “unknown” were dealt to the names by lot.",
  },
  label_rule: {
    name: "k and τ, when a name is known",
    sentence:
      "A fact is known where k of its samples are right, a name where τ of its facts are; unknown where none is.",
  },
  kl: {
    name: "KL, how far the answer moved",
    symbol: "KL",
    sentence:
      "How far a push moves the distribution of the first answer token from the untouched model's; 0 is not at all.",
    formula: "KL = Σ p_pushed ln(p_pushed / p_untouched)",
  },
  surprise: {
    name: "cost to the untouched model",
    sentence: "How unlikely the untouched model finds what the pushed one said, the mean over the answer's tokens.",
    formula: "mean of −log p",
  },
  misfire: {
    name: "misfire",
    sentence:
      "An unprompted answer that is wrong or invented: the claim tested is that a known-entity latent fired where it should not.",
  },
  brought_back: {
    name: "share of the way",
    sentence:
      "How much of the difference between two runs returns when one activation of the known name's run is put into the unknown name's.",
    formula: "(LD_patched − LD_corrupted) / (LD_clean − LD_corrupted)",
  },
  attention: {
    name: "attention to the name",
    sentence: "How much of a head's attention at the last token goes to the last token of the name.",
  },
  yes_no: {
    name: "yes − no",
    sentence: "Asked whether it is sure that it knows the name: the logit of yes less that of no.",
    formula: "logit(yes) − logit(no)",
  },
  welch: {
    name: "t and p",
    sentence:
      "Whether two means differ by more than their scatter: Welch's t, and how often chance alone gives as much.",
    formula: "t = (mean₁ − mean₂) / √(s₁²/n₁ + s₂²/n₂)",
  },
  f1: {
    name: "F1",
    sentence:
      "How well a threshold finds errors, false alarms counted, as if there were as many errors as right answers.",
    formula: "F1 = 2 · hits / (hits + false alarms + 1)",
  },
  orthogonalised: {
    name: "direction taken out",
    sentence: "The model without one direction: what its weights write to the stream loses its part along it.",
    formula: "W ← W − (W d̂) d̂ᵀ",
  },
  h_neurons: {
    name: "H-neurons",
    sentence: "The few neurons to which an L1 fit of wrong against right answers gives a positive weight.",
  },
  l1: {
    name: "C, how much a fit may use",
    symbol: "C",
    sentence:
      "The weight of the data against the sum of all weights: the smaller C, the fewer neurons have a weight at all.",
    formula: "minimise Σ|w| + C · Σ s log(1 + exp(−y (x · w + b)))",
  },
  within_attribute: {
    name: "within one attribute",
    sentence: "Only pairs count of a right and a wrong answer to one question, about two names.",
  },
  kept_out: {
    name: "answers kept out",
    sentence: "No answer is scored by a fit that saw another one saying the same.",
  },
  stability: {
    name: "Jaccard, drawn again",
    sentence: "Of two sets fitted to names drawn again, the share of their neurons that is in both.",
    formula: "neurons in both / neurons in either, mean over pairs of fits",
  },
  dial: {
    name: "α, the dial",
    sentence:
      "The factor by which the chosen neurons are scaled while the model reads and answers: 0 silences them, 1 is the untouched model.",
    formula: "zⱼ ← α · zⱼ for each chosen neuron",
  },
  slope: {
    name: "slope",
    sentence: "By how much the share of an outcome changes per unit of the factor, from 1 to the highest one.",
    formula: "(share at the highest factor − share at 1) / (highest factor − 1), mean over prompts",
  },
  false_premise: {
    name: "false premise",
    sentence:
      "A real name is asked what only another type of name has, as in “What sport does Paris play?”; to state a fact is to comply.",
  },
  finding: {
    name: "finding",
    sentence: "A run that was kept: its request, every frame of its answer, a title, a note and a link.",
  },
  request: {
    name: "request hash",
    sentence: "A fingerprint of all that was asked: equal experiments have equal hashes.",
    formula: "SHA-256 of the request as canonical JSON, defaults written out",
  },
  sha256: { name: "SHA-256", sentence: "A fingerprint of a file or a recording: change one bit and it is another." },
  device: { name: "device and dtype", sentence: "What the model ran on, and in numbers of how many bits." },
  verify: {
    name: "Verify",
    sentence:
      "Replays the recorded tokens on the worker that is here now and compares every number: reproduced, drifted, or cannot run here.",
    formula: "reproduced = each token still the model's own choice, each number within the tolerance",
  },
  tolerance: {
    name: "tolerance",
    sentence: "By how much a replayed number may differ: 0.001 nats in float32, 0.4 in bfloat16.",
  },
  let_pass: {
    name: "latents at their threshold",
    sentence:
      "Latents that fired in one run and not in the other because they stood right at their threshold: counted, and let pass.",
  },
};

export const MARKS = {
  "‖x‖": "residual_norm",
  resid_post: "site",
  "the paper's layer": "paper_layer",
  "paper: layer": "paper_layer",
  "paper layer": "paper_layer",
  "paper's layer": "paper_layer",
  FVU: "fvu",
  "logit lens": "logit_lens",
  "‖d‖": "d_norm",
  "r̄": "r_bar",
  "α": "alpha",
  CETT: "cett",
  "+known": "arm",
  "+unknown": "arm",
  "P(refusal opening)": "p_refusal",
  "refusal opening": "p_refusal",
  "log-odds": "logodds",
  nats: "nats",
  "log p": "logprob",
  entropy: "entropy",
  risk: "risk",
  Risk: "risk",
  "reliability curve": "reliability",
  ECE: "ece",
  surprise: "token_surprise",
  "paper's rule": "paper_rule",
  withheld: "tier",
  misled: "tier",
  unrecalled: "tier",
  "of that size": "push_size",
  "5–95 %": "band",
  seed: "seed",
  "95 %": "interval",
  "m goes from": "m",
  transcoder: "transcoder",
  transcoders: "transcoder",
  RelP: "relp",
  "QK part": "qk_part",
  separation: "separation",
  AUROC: "auroc",
  "corpus filter": "corpus_filter",
  "logistic probe": "probe",
  "difference of means": "probe",
  shuffled: "shuffled",
  KL: "kl",
  "cost to the untouched model": "surprise",
  "share of the way": "brought_back",
  "yes − no": "yes_no",
  "Welch's t": "welch",
  F1: "f1",
  "H-neurons": "h_neurons",
  "within one attribute": "within_attribute",
  "Within one attribute": "within_attribute",
  "same attribute": "within_attribute",
  "answers kept out": "kept_out",
  Jaccard: "stability",
  "false premise": "false_premise",
  "false premises": "false_premise",
  "SHA-256": "sha256",
  "sha-256": "sha256",
};

export const TERM_LABELS = {
  token: "token",
  tokens: "token",
  entity: "entity",
  "residual stream": "residual_stream",
  site: "site",
  layer: "site",
  dictionary: "dictionary",
  dictionaries: "dictionary",
  latent: "latent",
  activation: "activation",
  rank: "rank",
  direction: "direction",
  strength: "strength",
  mode: "mode",
  scope: "scope",
  where: "scope",
  arm: "arm",
  arms: "arm",
  baseline: "baseline",
  untouched: "baseline",
  held: "held",
  risk: "risk",
  "first token": "first_token",
  verdict: "verdict",
  outcome: "verdict",
  refused: "refused",
  right: "right",
  wrong: "wrong",
  invented: "invented",
  answered: "answered",
  broken: "broken",
  decoding: "decoding",
  tier: "tier",
  group: "circuit_group",
  "chat tuning": "chat_tuning",
  "test half": "test_half",
  controls: "control",
  control: "control",
  "control arms": "control",
  "random: mean": "random_mean",
  "random, mean": "random_mean",
  N: "n",
  n: "n",
  low: "interval",
  high: "interval",
  m: "m",
  "m after it": "m",
  gap: "gap",
  node: "node",
  nodes: "node",
  error: "error_node",
  "transcoder latents": "transcoder",
  Recognised: "recognition",
  "Not recognised": "recognition",
  arrow: "circuit_arrow",
  arrows: "circuit_arrow",
  progress: "progress",
  swapped: "swap",
  off: "ablation",
  "switched off": "ablation",
  "graph predicts": "graph_predicts",
  "integrated gradients": "integrated_gradients",
  explained: "integrated_gradients",
  "QK part": "qk_part",
  "did not fire": "silent_node",
  margin: "silent_node",
  unexplained: "unexplained",
  "held still": "held_still",
  "fires on known": "fires_on",
  "on unknown": "fires_on",
  score: "separation_min",
  train: "split",
  test: "split",
  auroc: "auroc",
  "auroc low": "auroc",
  "auroc high": "auroc",
  corpus: "corpus_filter",
  "ordinary text": "corpus_filter",
  tau: "label_rule",
  k: "label_rule",
  t: "welch",
  C: "l1",
  "drawn again": "stability",
  factor: "dial",
  slope: "slope",
  "per unit of the factor": "slope",
  request: "request",
  "request SHA-256": "request",
  weights: "sha256",
  device: "device",
  "Tokens that agree": "verify",
  "Largest change": "tolerance",
  "Let pass": "let_pass",
};

export const PATTERN =
  "(?<![A-Za-z0-9_.,])(?:cost to the untouched model|Within one attribute|within one attribute|difference of means|P\\(refusal opening\\)|reliability curve|the paper's layer|answers kept out|share of the way|refusal opening|false premises|logistic probe|same attribute|corpus filter|false premise|paper's layer|of that size|paper's rule|paper: layer|m goes from|paper layer|transcoders|logit lens|resid_post|separation|transcoder|unrecalled|H-neurons|Welch's t|\\+unknown|log-odds|shuffled|surprise|withheld|yes − no|Jaccard|QK part|SHA-256|entropy|sha-256|\\+known|5–95 %|misled|AUROC|log p|95 %|CETT|RelP|Risk|nats|risk|seed|ECE|FVU|‖d‖|‖x‖|F1|KL|r̄|α)(?![A-Za-z0-9_/])";
