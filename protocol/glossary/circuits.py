"""What a circuit is made of, how far its drawing can be trusted, and what turning a part of it shows."""

from protocol.glossary.term import Source, Term

_BIOLOGY = Source("lindsey", "Entity recognition and hallucinations")
_FRAMES = "protocol/worker/circuit_frames.py"

CIRCUIT_TERMS: dict[str, Term] = {
    "circuit": Term(
        "circuit",
        "The latents that lead from the name to the answer or to the refusal, and what each does to the others.",
        "It is a part of what happens: what is not shown, what no dictionary reads and what goes around it is told "
        "beside it, as shares.",
        ("model_worker/circuits/inquiry.py", _FRAMES),
        sources=(_BIOLOGY,),
    ),
    "m": Term(
        "m",
        "The log-odds that the next token opens a refusal; where two tokens are named, or in older findings, how far "
        "the logit of one is ahead of the other's.",
        "It is read at one token; the whole answer can turn out otherwise. Above 0 it likelier refuses; below 0 it "
        "answers or, after a push that breaks it, says anything else.",
        ("model_worker/circuits/target.py",),
        formula="m = ln Σ exp logit(up) − ln Σ exp logit(against), after the cap",
        unit="logits",
        marks=("m goes from",),
        labels=("m", "m after it"),
    ),
    "gap": Term(
        "gap",
        "How far the two prompts are apart in m: what a circuit of two prompts explains.",
        "Shares of it need a gap: of two prompts that are answered alike they mean little.",
        ("model_worker/circuits/target.py", "static/circuit/graph.js"),
        formula="gap = m of the first prompt − m of the second",
        unit="logits",
        labels=("gap",),
    ),
    "node": Term(
        "node",
        "One latent, neuron or head at one token, with how strongly it is active there on either prompt.",
        "The same latent at two tokens is two nodes, and so are two copies of one latent in neighbouring layers.",
        (_FRAMES, "static/circuit/graph.js"),
        labels=("node", "nodes"),
    ),
    "edge": Term(
        "edge",
        "What one node does directly to another, with where heads look, norms and gates as they were.",
        "What goes through a node in between, or around both by a head that looks elsewhere, is not in it.",
        ("model_worker/circuits/rule.py", _FRAMES),
        formula="E = a(u) · d(u) J d(t), by RelP",
    ),
    "error_node": Term(
        "error",
        "What a dictionary does not read at a token: a node of its own, which nobody can name.",
        "A large one says that the drawing misses something there, and not what.",
        (_FRAMES,),
        formula="error = x − Σ a d − b, or all of a layer that has no dictionary",
        labels=("error",),
    ),
    "transcoder": Term(
        "transcoder",
        "A sparse stand-in for an MLP: from what the MLP reads to what it adds, through few active latents. A circuit "
        "by transcoders has those for nodes, which act on all layers above.",
        "The model runs with its own MLPs: what a transcoder misses is an error, at some tokens larger than all its "
        "latents. Edges hold where heads look, norms and MLPs as they were.",
        ("model_worker/model/dictionaries/transcoder.py", "model_worker/circuits/basis/direct_edges.py"),
        formula="a = JumpReLU(x/rms(x) · W_enc + b_enc),   MLP(x) = a · W_dec + b_dec + error",
        sources=(Source("transcoders"), Source("circuit_tracing")),
        marks=("transcoder", "transcoders"),
        labels=("transcoder latents",),
    ),
    "circuit_group": Term(
        "group",
        "Nodes that play one part: at the same place of the prompt, and told apart by whether known or unknown names "
        "make them fire.",
        "The rule looks at place and at known against unknown, and at nothing else; what plays two parts is in one "
        "group.",
        ("protocol/circuit.py", "static/circuit/graph.js"),
        formula="correlation r of a latent with known or unknown, over names that are not asked about here",
        labels=("group",),
    ),
    "recognition": Term(
        "recognised, not recognised",
        "Whether a name has been met: in a circuit all that fires at its last token on known names, or on unknown "
        "ones; Explore's slider for a known or an unknown entity pushes one of them.",
        "A slider pushes one latent or direction, on the whole name; a group is set in all its nodes, at the name's "
        "last token. And recognised is not recalled: a name can be known and its fact not.",
        ("protocol/circuit.py", "model_worker/circuits/groups/roles.py", "protocol/worker/models.py"),
        sources=(Source("ferrando", "§3"), _BIOLOGY),
        labels=("Recognised", "Not recognised"),
    ),
    "group_share": Term(
        "% of a group",
        "Its share of the gap: what m does where this group alone goes to the other prompt's values, mean of both. "
        "Groups act through one another, so shares do not add up to 100 %.",
        "It holds for these two prompts; a group that acts only together with another has a small share by itself.",
        (_FRAMES, "model_worker/circuits/groups/grouped.py"),
        formula="½ (Δm a → b − Δm b → a) / gap, integrated gradients along the group's own path",
    ),
    "circuit_arrow": Term(
        "arrow",
        "How far one group moves when another is set to the other prompt's values: 1 is all of the way.",
        "It is measured, not drawn from weights: it holds for these two prompts, and what moves in between is in it.",
        (_FRAMES, "static/circuit/columns/layout.js"),
        formula="share = Σ w (a − a′)(a″ − a′) / Σ w (a″ − a′)², w = ‖d‖²",
        sources=(_BIOLOGY,),
        labels=("arrow", "arrows"),
    ),
    "progress": Term(
        "progress",
        "Where a group stands between its values on the one prompt and on the other: the gauge under its name.",
        "A group of many latents can stand half way because half of them moved.",
        (_FRAMES, "static/circuit/columns/groups.js"),
        formula="0: as on the first prompt, 1: as on the second",
        labels=("progress",),
    ),
    "swap": Term(
        "swap",
        "A node or a group set to the value that it has on the other prompt, everything else left to follow.",
        "It is no fair swap where the other prompt says something else at that place.",
        (_FRAMES,),
        formula="δ = Σ (a″ − a) d, added at its tokens",
        sources=(Source("patching"),),
        labels=("swapped",),
    ),
    "ablation": Term(
        "ablation",
        "A node or a group switched off, everything else left to follow.",
        "Off is no other prompt: switching off what both prompts share can change more than all that differs.",
        (_FRAMES,),
        formula="δ = −Σ a d, added at its tokens",
        labels=("off", "switched off"),
    ),
    "graph_predicts": Term(
        "graph predicts",
        "What the drawing says that a turn will do, before the model is asked.",
        "It is first order: near where the model answers as well as it refuses, it can be off by half.",
        ("model_worker/circuits/gradients.py", "model_worker/circuits/rule.py"),
        formula="Σ of the turned nodes' RelP, or the gradient of one node",
        labels=("graph predicts",),
    ),
    "integrated_gradients": Term(
        "integrated gradients",
        "A node's share of a total, by the gradient along the whole way between two prompts instead of at one end.",
        "Its sum is right by construction; how it is shared out among many nodes is a convention.",
        ("model_worker/circuits/gradients.py",),
        formula="mean over midpoints of ∂m/∂x · (x − x′)",
        labels=("integrated gradients", "explained"),
    ),
    "relp": Term(
        "RelP",
        "A gradient with norms, gates and where heads look held still: what flows in adds up to what comes out.",
        "What is held still is exactly what it can't see: a head that looks elsewhere, a norm that rescales the rest.",
        ("model_worker/circuits/rule.py", "model_worker/circuits/sequence_pass.py"),
        formula="∂m/∂x with rms, gelu(g)/g and attention patterns as constants",
        marks=("RelP",),
    ),
    "qk_part": Term(
        "QK part",
        "The part of an edge that goes through where heads look, not through what they move.",
        "By itself it is less right than the whole edge.",
        (_FRAMES,),
        formula="edge − the same edge with attention patterns held still",
        marks=("QK part",),
        labels=("QK part",),
    ),
    "silent_node": Term(
        "did not fire",
        "A latent that fires on the other prompt and is below its threshold here, by the margin told.",
        "What held it down is the largest brake from the layer below, not the only one.",
        (_FRAMES, "static/circuit/graph.js"),
        formula="margin = threshold − pre-activation",
        labels=("did not fire", "margin"),
    ),
    "nodes_shown": Term(
        "nodes shown",
        "How much of the gap, or of m, the nodes of this drawing carry together, layer by layer: least to most.",
        "Each layer is counted by itself, so layers don't add up; what pulls both ways can be below 0 or above all.",
        ("model_worker/circuits/totals.py", "static/circuit/strip.js"),
        unit="share of the gap",
    ),
    "node_check": Term(
        "checked, r",
        "Nodes that were set one at a time in the model, and how well what it did goes with what the graph says.",
        "It sees whether order and proportion are right, not whether all is too large; weak nodes are not among them.",
        (_FRAMES, "model_worker/circuits/exact.py"),
        formula="r = correlation of effect and measured change, errors left out",
    ),
    "node_budget": Term(
        "told",
        "How many nodes and edges a circuit tells: the strongest of so many that differ, or fire.",
        "What is not told is not nothing: it is counted in groups, and in what nodes shown don't carry.",
        ("protocol/circuit.py", "protocol/worker/circuits.py"),
    ),
    "alike_tokens": Term(
        "alike",
        "So many tokens that both prompts share, folded: what happens at them is drawn in “Question and template”.",
        "A token that both share can still hold another thing on each, since it reads what stands before it.",
        (_FRAMES, "static/circuit/columns/groups.js"),
    ),
    "default_test": Term(
        "default test",
        "Whether the model refuses where it can't know whom it is asked about: the end can't see the name, the name is "
        "neutral, or recognition is taken away.",
        "A neutral name is a mean of many: none that the model ever read.",
        ("protocol/circuit.py", _FRAMES),
        sources=(_BIOLOGY,),
    ),
    "unexplained": Term(
        "unexplained",
        "What is left of the gap when a layer's nodes, errors and tokens without a partner are counted. By neurons or "
        "transcoders: what goes around that layer's MLP.",
        "By latents it is small by construction from the layer on where the name is one vector; in the first layers it "
        "isn't.",
        (_FRAMES, "static/circuit/strip.js"),
        formula="gap − a layer's total",
        unit="share of the gap",
        labels=("unexplained",),
    ),
    "held_still": Term(
        "held still",
        "What the graph does not let move when it predicts: where heads look, norms and gates.",
        "The model moves all of them, which is why what it does stands beside each prediction.",
        ("model_worker/circuits/rule.py",),
        labels=("held still",),
    ),
}
