"""How the model is pushed: directions, strengths, modes, places."""

from protocol.glossary.term import Source, Term

_FORMULA = ("model_worker/steering/formula.py",)
_STEERING = (Source("ferrando", "§5, eq. 4"),)

PUSHING_TERMS: dict[str, Term] = {
    "direction": Term(
        "direction",
        "What is added to the residual stream: a latent's decoder row, or a named vector such as a difference of "
        "means.",
        "Many directions move an answer. Only beside random ones of the same length does one say something.",
        ("model_worker/steering/targets.py", "model_worker/steering/interventions.py"),
        symbol="d",
        sources=(*_STEERING, Source("arditi")),
        labels=("direction",),
    ),
    "d_norm": Term(
        "norm of the direction",
        "The length of what is added for α = 1.",
        "Dictionaries differ in it, which is why α by itself cannot be compared between them.",
        ("model_worker/steering/interventions.py", "model_worker/latents/lens.py"),
        symbol="‖d‖",
        formula="‖d‖ = √(d₁² + d₂² + …)",
        marks=("‖d‖",),
    ),
    "r_bar": Term(
        "mean residual norm",
        "The mean length of the residual stream at the last token of a name, at this layer: the yardstick for how hard "
        "a push is.",
        "It is a mean over names that were held back; a single name's own norm differs, and at other tokens it is "
        "another number.",
        ("model_worker/steering/interventions.py", "protocol/worker/models.py"),
        symbol="r̄",
        formula="r̄ = mean of ‖x‖ at the last token of validation names, a number for each layer",
        marks=("r̄",),
    ),
    "strength": Term(
        "strength",
        "How hard is pushed: as a multiple of r̄, raw as α, or in the unit of the mode.",
        "It is what was asked for. What came of it is measured beside it, and may be less.",
        ("protocol/steering.py", "model_worker/steering/interventions.py"),
        unit="× r̄, raw, activation, × a or a share",
        labels=("strength",),
    ),
    "alpha": Term(
        "α, the raw strength",
        "How many times the direction is added to the residual stream at each steered token.",
        "The paper's 400 for Gemma 2 2B means nothing for another model: compare multiples of r̄ instead.",
        ("model_worker/steering/interventions.py",),
        symbol="α",
        formula="α = m · r̄ / ‖d‖, for a strength of m × r̄",
        unit="raw",
        sources=_STEERING,
        marks=("α",),
    ),
    "mode": Term(
        "mode",
        "What exactly is added to the residual stream, everything else left as it is, the dictionary's error included.",
        "Modes in proportion to the activation do nothing where the latent is silent.",
        (*_FORMULA, "protocol/vocabulary.py"),
        formula="added = (constant + slope · a) · d",
        labels=("mode",),
    ),
    "mode_add": Term(
        "add",
        "Adds α times the direction, whatever was there.",
        "Far beyond 1 r̄ the model leaves the text it was made for and says anything.",
        _FORMULA,
        formula="x ← x + α · d",
        sources=_STEERING,
    ),
    "mode_clamp": Term(
        "clamp",
        "Moves the latent's activation to a value.",
        "What it writes is not exactly what it reads (w · d is seldom 1), so the activation that is read back can be "
        "far from the value asked for; both are shown.",
        _FORMULA,
        formula="x ← x + (strength − a) · d",
        unit="activation",
        sources=(Source("monosemantic"), Source("lindsey")),
    ),
    "mode_scale": Term(
        "scale",
        "Multiplies the latent's activation: ×0 silences it, ×1 changes nothing.",
        "Where the latent is silent there is nothing to multiply, and nothing happens.",
        _FORMULA,
        formula="x ← x + (strength − 1) · a · d",
        unit="× a",
    ),
    "neurons": Term(
        "neurons, scaled",
        "What down_proj reads of the chosen neurons, times the strength: ×0 silences them, ×1 changes nothing, bit for "
        "bit.",
        "The norm behind the MLP rescales everybody when one neuron is scaled, and all of a layer together do nothing. "
        "Only beside as many random neurons of the same layers and shares does an effect say something.",
        ("model_worker/neurons/scaled.py", "model_worker/neurons/matched.py"),
        formula="h′ = h + Σ (strength − 1) · zⱼ wⱼ; x ← x + N(h′) − N(h)",
        unit="× a",
        sources=(Source("h_neurons", "§2"),),
    ),
    "cett": Term(
        "CETT, a neuron's share",
        "How much of what its MLP writes is one neuron's, at one token; of a set the mean over its neurons.",
        "Unsigned, and a share of the MLP's own output before the norm: it says nothing of how much the MLP matters "
        "there, and scaling one neuron changes everybody's.",
        ("model_worker/neurons/shares.py", "model_worker/neurons/scaled.py"),
        symbol="CETT",
        formula="CETTⱼ = |zⱼ| · ‖wⱼ‖ / ‖h‖, with h = Σ zⱼ wⱼ",
        unit="share",
        sources=(Source("h_neurons", "eq. 1–2"),),
        marks=("CETT",),
    ),
    "mode_ablate": Term(
        "ablate",
        "Takes a share of the latent's activation away; all of it at 100 %.",
        "Where the latent is silent nothing is taken away. Other latents may stand in for it.",
        _FORMULA,
        formula="x ← x − strength · a · d",
        unit="share",
        sources=(Source("lindsey"),),
    ),
    "mode_project_out": Term(
        "project out",
        "Takes away a share of everything that lies along the direction, fired or not.",
        "It removes what other latents wrote along it as well.",
        _FORMULA,
        formula="x ← x − strength · (x · d̂) d̂",
        unit="share",
        sources=(Source("arditi"),),
    ),
    "mode_swap": Term(
        "swap",
        "Moves a share of one latent's activation to another.",
        "The two latents' activations are of different scales, so the same value may be far too much for the other.",
        _FORMULA,
        formula="x ← x + strength · a · (d of the other − d)",
        unit="share",
    ),
    "scope": Term(
        "scope",
        "Which tokens are steered: the name's last, all of it, from it to the end of the prompt, or those you choose.",
        "What works at one scope can fail at another; the paper steers from the name's last token to the end.",
        ("model_worker/steering/interventions.py", "protocol/vocabulary.py"),
        sources=(Source("ferrando", "§5"),),
        labels=("scope", "where"),
    ),
    "generated": Term(
        "generated tokens too",
        "The push goes on while the model writes, at each token that it has written.",
        "It then also pushes words that have nothing to do with the name.",
        ("model_worker/decoding/rows.py",),
    ),
    "measured": Term(
        "measured",
        "The latent's activation at the steered token, read before and after the push.",
        "It says that the push arrived, not that anything behind it read it.",
        (*_FORMULA, "static/run/steering/measurement.js"),
        formula="a before → a after",
        unit="activation",
    ),
    "arm": Term(
        "arm",
        "One way of asking the same question: the baseline, or one strength of one push; +known adds the known latent. "
        "All arms are answered at once.",
        "Arms share the prompt, so they are no independent samples.",
        ("model_worker/answering/plan.py", "model_worker/decoding/batch.py"),
        marks=("+known", "+unknown"),
        labels=("arm", "arms"),
    ),
    "baseline": Term(
        "baseline",
        "What the untouched model says to the same question.",
        "It is one answer, the likeliest by its first choices; sampled ones may differ.",
        ("model_worker/answering/plan.py",),
        labels=("baseline", "untouched"),
    ),
    "held": Term(
        "held",
        "A push that stays on in every arm but the baseline while another one is varied.",
        "The control of the varied push is drawn with the held one on; what is held has none of its own there.",
        ("protocol/worker/requests.py", "model_worker/answering/plan.py"),
        labels=("held",),
    ),
}
