"""What an entry of the glossary holds, and the papers that entries point to. Knows no entry."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CitedPaper:
    """authors: as one cites them."""

    authors: str
    title: str
    url: str


PAPERS: dict[str, CitedPaper] = {
    "h_neurons": CitedPaper(
        "Gao et al. 2025",
        "H-Neurons: On the Existence, Impact, and Origin of Hallucination-Associated Neurons in LLMs",
        "https://arxiv.org/abs/2512.01797",
    ),
    "ferrando": CitedPaper(
        "Ferrando et al. 2024",
        "Do I Know This Entity? Knowledge Awareness and Hallucinations in Language Models",
        "https://arxiv.org/abs/2411.14257",
    ),
    "lindsey": CitedPaper(
        "Lindsey et al. 2025",
        "On the Biology of a Large Language Model",
        "https://transformer-circuits.pub/2025/attribution-graphs/biology.html",
    ),
    "transcoders": CitedPaper(
        "Dunefsky et al. 2024",
        "Transcoders Find Interpretable LLM Feature Circuits",
        "https://arxiv.org/abs/2406.11944",
    ),
    "circuit_tracing": CitedPaper(
        "Ameisen et al. 2025",
        "Circuit Tracing: Revealing Computational Graphs in Language Models",
        "https://transformer-circuits.pub/2025/attribution-graphs/methods.html",
    ),
    "jumprelu": CitedPaper(
        "Rajamanoharan et al. 2024",
        "Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU Sparse Autoencoders",
        "https://arxiv.org/abs/2407.14435",
    ),
    "gemma_scope": CitedPaper(
        "Lieberum et al. 2024",
        "Gemma Scope: Open Sparse Autoencoders Everywhere All At Once on Gemma 2",
        "https://arxiv.org/abs/2408.05147",
    ),
    "gemma2": CitedPaper(
        "Gemma Team 2024",
        "Gemma 2: Improving Open Language Models at a Practical Size",
        "https://arxiv.org/abs/2408.00118",
    ),
    "framework": CitedPaper(
        "Elhage et al. 2021",
        "A Mathematical Framework for Transformer Circuits",
        "https://transformer-circuits.pub/2021/framework/index.html",
    ),
    "monosemantic": CitedPaper(
        "Bricken et al. 2023",
        "Towards Monosemanticity: Decomposing Language Models With Dictionary Learning",
        "https://transformer-circuits.pub/2023/monosemantic-features",
    ),
    "logit_lens": CitedPaper(
        "nostalgebraist 2020",
        "interpreting GPT: the logit lens",
        "https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens",
    ),
    "arditi": CitedPaper(
        "Arditi et al. 2024",
        "Refusal in Language Models Is Mediated by a Single Direction",
        "https://arxiv.org/abs/2406.11717",
    ),
    "nucleus": CitedPaper(
        "Holtzman et al. 2020",
        "The Curious Case of Neural Text Degeneration",
        "https://arxiv.org/abs/1904.09751",
    ),
    "patching": CitedPaper(
        "Zhang & Nanda 2024",
        "Towards Best Practices of Activation Patching in Language Models",
        "https://arxiv.org/abs/2309.16042",
    ),
    "wilson": CitedPaper(
        "Wilson 1927",
        "Probable Inference, the Law of Succession, and Statistical Inference",
        "https://doi.org/10.1080/01621459.1927.10502953",
    ),
    "newcombe": CitedPaper(
        "Newcombe 1998",
        "Interval Estimation for the Difference Between Independent Proportions: Comparison of Eleven Methods",
        "https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I",
    ),
    "newcombe_auroc": CitedPaper(
        "Newcombe 2006",
        "Confidence Intervals for an Effect Size Measure Based on the Mann–Whitney Statistic. Part 2",
        "https://doi.org/10.1002/sim.2324",
    ),
    "hanley": CitedPaper(
        "Hanley & McNeil 1982",
        "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve",
        "https://doi.org/10.1148/radiology.143.1.7063747",
    ),
    "welch": CitedPaper(
        "Welch 1947",
        "The Generalization of ‘Student's’ Problem when Several Different Population Variances are Involved",
        "https://doi.org/10.1093/biomet/34.1-2.28",
    ),
    "fritsch": CitedPaper(
        "Fritsch & Carlson 1980",
        "Monotone Piecewise Cubic Interpolation",
        "https://doi.org/10.1137/0717021",
    ),
}


@dataclass(frozen=True)
class Source:
    """A paper, and where in it."""

    paper: str
    where: str = ""


@dataclass(frozen=True)
class Term:
    """Of a number or a word that stands on a page.

    name       what a reader calls it; symbol: how it is written where that is shorter
    sentence   what it is: what a door says, so one sentence and by itself
    formula    how it is computed, from symbols that have entries of their own; unit: what it is in
    fails      where it misleads
    code       files that compute it, from the root of the project
    marks      it as it stands in running text, word for word: each of these is a door wherever it is written
    labels     it as a name before a value or at the head of a column, where that is the whole of the text
    """

    name: str
    sentence: str
    fails: str
    code: tuple[str, ...]
    symbol: str = ""
    formula: str = ""
    unit: str = ""
    sources: tuple[Source, ...] = ()
    marks: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
