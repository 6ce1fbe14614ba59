"""Abbreviations and what they are short for: `LLM` and "large language model" find each other.

An alert must not fire on something else, so only what has one meaning is here, chosen by counting definitions,
"long form (ABBR)", in 32,765 real abstracts: 20 papers or more define it, at least 94 of 100 of them as one of these,
and papers write it in capitals. Two letters are too few (58 of the 66 that are defined so often fail), but for AI and
RL, which more than 500 papers define; and what is short for something else in another field of arXiv is left out.
`python -m benchmarks.folding abbreviations` prints the candidates anew, and says of each that is not here why.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from bot.search.words import phrases, words

Phrase = tuple[str, ...]

# A hyphen stands where some write one word: fine-tuning, finetuning.
ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "AGI": ("artificial general intelligence",),
    "AI": ("artificial intelligence",),
    "AIGC": ("AI generated content", "artificial intelligence generated content"),
    "CNN": ("convolutional neural network", "convolution neural network"),
    "CoT": ("chain of thought",),
    "CXR": ("chest x-ray",),
    "DDPM": ("denoising diffusion probabilistic model",),
    "DiT": ("diffusion transformer",),
    "DNN": ("deep neural network",),
    "DPO": ("direct preference optimization",),
    "DRL": ("deep reinforcement learning", "deep RL"),
    "ECG": ("electrocardiogram", "electrocardiography"),
    "EEG": ("electroencephalography", "electroencephalogram"),
    "EHR": ("electronic health record", "electronic healthcare record"),
    "FFN": ("feed-forward network", "feed-forward neural network"),
    "fMRI": ("functional magnetic resonance imaging", "functional MRI"),
    "FoV": ("field of view",),
    "GAT": ("graph attention network",),
    "GenAI": ("generative AI", "generative artificial intelligence"),
    "GNN": ("graph neural network",),
    "GUI": ("graphical user interface", "graphic user interface"),
    "HRI": ("human robot interaction",),
    "IMU": ("inertial measurement unit",),
    "INR": ("implicit neural representation",),
    "IoT": ("internet of things",),
    "IoU": ("intersection over union",),
    "IQA": ("image quality assessment",),
    "KAN": ("Kolmogorov Arnold network",),
    "kNN": ("k nearest neighbor",),
    "LALM": ("large audio language model",),
    "LLM": ("large language model",),
    "LSTM": ("long short term memory",),
    "LVLM": ("large vision language model", "large visual language model", "large vision and language model"),
    "MARL": ("multi-agent reinforcement learning", "multi-agent RL"),
    "MCQ": ("multiple choice question",),
    "MCTS": ("Monte Carlo tree search",),
    "MDP": ("Markov decision process", "Markov decision problem"),
    "MIA": ("membership inference attack",),
    "MLLM": ("multi-modal large language model", "multi-modal LLM", "multi-modal language model"),
    "MLP": ("multi-layer perceptron",),
    "MoE": ("mixture of experts",),
    "MSE": ("mean squared error", "mean square error"),
    "NAS": ("neural architecture search",),
    "NeRF": ("neural radiance field",),
    "NER": ("named entity recognition",),
    "NLP": ("natural language processing",),
    "OCR": ("optical character recognition",),
    "ODE": ("ordinary differential equation",),
    "PDE": ("partial differential equation",),
    "PEFT": ("parameter efficient fine-tuning",),
    "PINN": ("physics informed neural network",),
    "POI": ("point of interest",),
    "PPO": ("proximal policy optimization",),
    "PSNR": ("peak signal to noise ratio",),
    "PTQ": ("post-training quantization",),
    "RAG": ("retrieval augmented generation",),
    "ReID": ("re-identification",),
    "RL": ("reinforcement learning",),
    "RLHF": (
        "reinforcement learning from human feedback",
        "reinforcement learning with human feedback",
        "RL from human feedback",
    ),
    "RLVR": (
        "reinforcement learning with verifiable rewards",
        "reinforcement learning from verifiable rewards",
        "RL with verifiable rewards",
    ),
    "RMSE": ("root mean square error", "root mean squared error"),
    "RNN": ("recurrent neural network",),
    "SLAM": ("simultaneous localization and mapping",),
    "SNN": ("spiking neural network",),
    "SVM": ("support vector machine",),
    "UAV": ("unmanned aerial vehicle", "uncrewed aerial vehicle"),
    "UDA": ("unsupervised domain adaptation",),
    "VAE": ("variational auto-encoder",),
    "ViT": ("vision transformer",),
    "VLM": ("vision language model", "visual language model", "vision and language model"),
    "VLN": ("vision and language navigation", "vision language navigation"),
    "WER": ("word error rate",),
}


def same(typed: Iterable[Phrase], *, quoted: bool) -> tuple[Phrase, ...]:
    """Return the other ways of saying a typed word or phrase that is an abbreviation or what one is short for.

    `typed` are the ways in which it may stand (`bot.search.words.phrases`). Quotes are the only way to type a phrase,
    and need not mean more; around an abbreviation they mean that, and not its long form.
    """
    known = _same()
    found = next((known[each] for each in typed if each in known), None)
    if found is None or (quoted and any(each in found[:1] for each in typed)):
        return ()
    return tuple(each for each in found if each not in typed)


@cache
def long_forms() -> frozenset[Phrase]:
    """Return all that abbreviations are short for, in every way of writing it, as folded words; each of several."""
    return frozenset(way for way in _same() if len(way) > 1)


@cache
def _same() -> dict[Phrase, tuple[Phrase, ...]]:
    """Return for each abbreviation, and each way of writing what it is short for, all of them: the short one first."""
    known: dict[Phrase, tuple[Phrase, ...]] = {}
    for short, long_forms in ABBREVIATIONS.items():
        ways = [tuple(words(short)), *(way for each in long_forms for way in _ways(each))]
        known |= dict.fromkeys(ways, tuple(dict.fromkeys(ways)))
    return known


def _ways(long_form: str) -> tuple[Phrase, ...]:
    """Return a long form as folded words, with its hyphenated words as two and as one."""
    ways: tuple[Phrase, ...] = ((),)
    for word in long_form.split():
        ways = tuple((*way, *other) for way in ways for other in phrases(word))
    return ways
