"""What is read of the model while it reads: tokens, layers, dictionaries, latents."""

from protocol.glossary.term import Source, Term

READING_TERMS: dict[str, Term] = {
    "token": Term(
        "token",
        "A piece of text as the model reads it, often shorter than a word; · stands for a space.",
        "A name of several tokens is whole only at its last one: what is read at the others is read of part of a name.",
        ("model_worker/model/pieces.py", "static/core/format.js"),
        labels=("token", "tokens"),
    ),
    "entity": Term(
        "name",
        "What the prompt asks about: the longest name in it, of the model's world, in quotes or in capitals, or where "
        "one of the model's questions has its name; else the whole prompt.",
        "Another reading of the same prompt steers other tokens, so the page says which one it took and offers the "
        "others. Everyday words in lower case are not read as names.",
        ("model_worker/answering/entity.py", "protocol/spelling.py"),
        labels=("entity",),
    ),
    "residual_stream": Term(
        "residual stream",
        "The list of numbers per token that every block of the model reads and adds to.",
        "It is a sum of everything that wrote to it; no single number in it means anything by itself.",
        ("model_worker/model/gemma.py",),
        symbol="x",
        formula="x after block l = x before it + what its attention adds + what its MLP adds",
        sources=(Source("framework"), Source("gemma2")),
        labels=("residual stream",),
    ),
    "residual_norm": Term(
        "norm of the residual",
        "The length of the residual stream's vector at a token: how much there is to push against.",
        "It grows with depth, so the same α is a hard push in an early layer and a soft one in a late one.",
        ("model_worker/studies/transfer/readings.py",),
        symbol="‖x‖",
        formula="‖x‖ = √(x₁² + x₂² + …)",
        marks=("‖x‖",),
    ),
    "site": Term(
        "site",
        "Where the model is read and steered: L3 is the residual stream behind block 3, blocks counted from 0 as "
        "sae-lens does.",
        "Papers number layers otherwise, see there; a site says nothing about the blocks behind it.",
        ("model_worker/model/gemma.py", "model_worker/steering/formula.py"),
        symbol="L3 resid_post",
        sources=(Source("gemma_scope"),),
        marks=("resid_post",),
        labels=("site", "layer"),
    ),
    "paper_layer": Term(
        "the paper's layer",
        "The same place as the paper counts it: by the block that reads it, so one more than sae-lens' number.",
        "Attention heads are not shifted: L18H5 is head 5 of block 18 in both.",
        ("protocol/worker/models.py",),
        formula="paper's layer = sae-lens layer + 1",
        sources=(Source("ferrando", "§2"),),
        marks=("the paper's layer", "paper: layer", "paper layer", "paper's layer"),
    ),
    "dictionary": Term(
        "dictionary (SAE)",
        "A sparse autoencoder: it rewrites the residual stream at one site as a few active latents out of many, and "
        "misses the rest.",
        "What it misses is not nothing: steering keeps it, and FVU says how much it is. Another dictionary of the same "
        "site has other latents.",
        ("model_worker/model/sae.py",),
        formula="a = JumpReLU(x · W_enc + b_enc),   x ≈ a · W_dec + b_dec",
        sources=(Source("jumprelu"), Source("gemma_scope"), Source("monosemantic")),
        labels=("dictionary", "dictionaries"),
    ),
    "latent": Term(
        "latent",
        "One unit of a dictionary, a paper's feature: L3 #4 is latent number 4 of the dictionary at layer 3.",
        "Its name is what somebody saw it fire on. It may fire on other things, and firing is not causing.",
        ("model_worker/model/sae.py", "model_worker/latents/firing.py"),
        symbol="L3 #4",
        sources=(Source("monosemantic"), Source("ferrando", "§2")),
        labels=("latent",),
    ),
    "activation": Term(
        "activation",
        "How strongly a latent fires at a token: 0, or above its threshold.",
        "Two latents' activations are not on one scale, and a large one may change nothing that is said.",
        ("model_worker/model/sae.py", "model_worker/steering/formula.py"),
        symbol="a",
        formula="a = x · w + b where that exceeds the latent's threshold, else 0",
        unit="activation, each latent's own",
        sources=(Source("jumprelu"),),
        labels=("activation",),
    ),
    "fvu": Term(
        "fraction of variance unexplained",
        "The share of what the residual stream does on this prompt that the dictionary fails to rebuild: 0 is all of "
        "it rebuilt.",
        "Of one prompt it is noisy, of one token it does not exist; a small FVU does not say that the missing part is "
        "unimportant.",
        ("model_worker/model/sae.py", "model_worker/answering/first_pass.py"),
        symbol="FVU",
        formula="FVU = Σ ‖x − x̂‖² / Σ ‖x − x̄‖², over the prompt's tokens but BOS",
        unit="share",
        sources=(Source("gemma_scope", "§4"),),
        marks=("FVU",),
    ),
    "known_latent": Term(
        "known-entity latent",
        "A latent that fires on names the model knows and, in every type of name, less often on names it doesn't.",
        "It tells recognised from not recognised, never true from false: a recognised name can still get a wrong fact.",
        ("model_worker/studies/discover/ranking.py",),
        sources=(Source("ferrando", "§3–4"), Source("lindsey", "Entity recognition and hallucinations")),
    ),
    "unknown_latent": Term(
        "unknown-entity latent",
        "A latent that fires on names the model does not know and, in every type of name, less often on those it does.",
        "It can stay silent on a name that merely resembles a known one: that is one way to a made-up answer.",
        ("model_worker/studies/discover/ranking.py",),
        sources=(Source("ferrando", "§3–4"), Source("lindsey", "Entity recognition and hallucinations")),
    ),
    "logit_lens": Term(
        "logit lens",
        "What a direction would make likelier as the next token, and what less likely, if the model read it off at "
        "once.",
        "Later blocks rewrite it: an early layer's lens often reads as noise, and even a late one is no effect.",
        ("model_worker/latents/lens.py",),
        formula="logits = U · (g ⊙ d), with the unembedding U and the final norm's gain g",
        unit="logits, to be compared with each other only",
        sources=(Source("logit_lens"), Source("monosemantic")),
        marks=("logit lens",),
    ),
    "firing": Term(
        "where it fires",
        "The tokens of a sample of ordinary text on which the latent is above 0, the strongest first.",
        "The strongest places flatter: most of the times it fires, it fires weakly and on something else.",
        ("model_worker/latents/firing.py", "model_worker/latents/sample.py"),
        sources=(Source("monosemantic"),),
    ),
    "rank": Term(
        "rank at this token",
        "The latent's place among all that fire at this token, the strongest being 1.",
        "A rank compares activations of different latents, which have no common scale.",
        ("static/run/latents/rank.js",),
        labels=("rank",),
    ),
}
