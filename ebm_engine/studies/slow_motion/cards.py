"""The six cards of one update: which come in which order, what each says, and its formula in LaTeX.

U energy, θₖ parameters, x walkers before and y after the move, h step size, T temperature, A
log-weights, p = softmax(A). (Carbone et al. 2023, arXiv 2305.19414, Algorithm 1.) Methods and
kernels that do something else say so on the card. Importing this module never loads torch.
"""

from __future__ import annotations

from typing import NamedTuple

from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.slow_motion import words as words

PERSISTENT = ("data", "walkers", "update", "drift", "noise", "weight")
CHAINS = ("data", "drift", "noise", "walkers", "update", "weight")  # new ones in each update


class Card(NamedTuple):
    """One part of an update: its name, its title, what it does, and its formula, "" for none."""

    name: str
    title: str
    sentence: str
    formula: str


def cards(spec: RunSpec) -> tuple[Card, ...]:
    """The cards of a run's updates, in the order in which the update does them."""
    order = CHAINS if spec.method.chains else PERSISTENT
    makers = {
        "data": _data,
        "walkers": _walkers,
        "update": _update,
        "drift": _drift,
        "noise": _noise,
        "weight": _weight,
    }
    return tuple(Card(name, *makers[name](spec)) for name in order)


def _data(spec: RunSpec) -> tuple[str, str, str]:
    title = "Gradient on the data"
    if term := spec.method.data_term:
        return title, term.sentence, term.formula
    every = spec.optimizer.batch == 0 or not spec.method.reads_batch
    points = "all" if every else "a random batch of"
    return title, words.DATA.format(points=points), words.DATA_TERM


def _walkers(spec: RunSpec) -> tuple[str, str, str]:
    method = spec.method
    if term := method.model_term:
        return "Gradient under the model", term.sentence, term.formula
    if not method.reads_walkers:
        return "No gradient on walkers", words.NO_WALKERS.format(method=method.title), ""
    if method.weighted:
        return "Gradient on the weighted walkers", words.WEIGHTED, words.WEIGHTED_TERM
    return "Gradient on the walkers", words.EQUAL, words.EQUAL_TERM


def _update(spec: RunSpec) -> tuple[str, str, str]:
    rule = "Adam" if spec.optimizer.kind == "adam" else "plain"
    sentence = words.RULES[rule]
    other = "model" if spec.method.model_term else "walker"
    gradient = rf"\text{{data term}}-\text{{{other} term}}"
    if spec.method.data_term:
        gradient = r"\partial_\theta J"
    if spec.method.extra_term:
        gradient += spec.method.extra_term.formula
        sentence += spec.method.extra_term.sentence
    if spec.optimizer.clip:
        sentence += f" A gradient longer than {spec.optimizer.clip:g} is shortened to that."
    return "Parameter update", sentence, words.RULE_FORMULAS[rule].replace("GRADIENT", gradient)


def _drift(spec: RunSpec) -> tuple[str, str, str]:
    sentence, formula = words.DRIFTS[spec.sampler.kernel]
    sentence += _which_move(spec) + _only_shown(spec)
    theta = r"\theta_k" if _old_parameters(spec) else r"\theta_{k+1}"
    title = "Langevin drift" if spec.sampler.kernel in words.LANGEVIN else "The way downhill"
    return title, sentence, formula.replace("THETA", theta)


def _noise(spec: RunSpec) -> tuple[str, str, str]:
    sentence, formula = words.NOISES[spec.sampler.kernel]
    if spec.sampler.kernel == "hmc" and spec.sampler.metropolis:
        sentence, formula = words.HMC_TESTED
    title = "Langevin noise" if spec.sampler.kernel in words.LANGEVIN else "Momentum"
    return title, sentence, formula


def _old_parameters(spec: RunSpec) -> bool:
    """Whether the first move goes down the slope of θₖ."""
    one_move = spec.method.steps == 1
    return spec.method.chains is not None or (spec.sampler.kernel != "mala" and one_move)


def _which_move(spec: RunSpec) -> str:
    chains, steps = spec.method.chains, spec.method.steps
    if chains:
        first = f"shown is the first of its k = {spec.method.k} moves"
        return f" Every chain starts {chains.start}; {first}."
    return f" Shown is the first of {steps} moves." if steps > 1 else ""


def _only_shown(spec: RunSpec) -> str:
    return "" if spec.method.reads_walkers else " These walkers only show the model."


def _weight(spec: RunSpec) -> tuple[str, str, str]:
    method, kernel = spec.method, spec.sampler.kernel
    if method.chains:
        return "No weights: the chains end", method.chains.end, ""
    if not method.weighted:
        return "No weights", words.NO_WEIGHTS.format(method=method.title), ""
    if not method.correction:
        return "Reweight", words.UNCORRECTED, words.FIRST_ORDER
    if kernel == "mala" or (kernel == "hmc" and spec.sampler.metropolis):
        return "Reweight", words.TESTED, words.FIRST_ORDER
    if method.steps > 1:
        return "Reweight", words.SEVERAL, words.SEVERAL_STEPS
    if kernel != "ula":
        return "Reweight", words.SHADOW, words.SHADOW_WORK
    sentence = words.JARZYNSKI + (words.OLD_BACKWARD if method.backward == "old" else "")
    backward = r"\nabla U_k(y)" if method.backward == "old" else r"\nabla U_{k+1}(y)"
    formula = words.TEMPERED if spec.sampler.temperature != 1 else words.ALPHA
    return "Reweight", sentence, formula.replace("BACKWARD", backward)
