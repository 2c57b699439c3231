"""The parts of a lesson as frozen blocks, with what makes one wrong; `read` reads the files.

A step goes: `say`, then `ask` (a click on a choice, without which nothing opens), then `do`, then
`reveal`. `do` is "read" (nothing to do), "play" (press play; all runs stop at the step's `until`),
"anneal" (measure the image models by annealed walkers), or {slide, low, high} (move that slider of
the step's figure into the range). `point` names the part of the screen that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ebm_engine.files.mnist_here import why_no_mnist
from ebm_engine.lessons import template
from ebm_engine.lessons.claims import Claim
from ebm_engine.lessons.figures import FIGURES, sliders
from ebm_engine.lessons.template import RUN_NAME
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.fields import Block, OneOf
from ebm_engine.spec.presets import preset
from ebm_engine.spec.run_spec import RunSpec

MOST_RUNS = 4
Part = Literal[
    "plane", "masses", "kl", "contrast", "ess", "weights", "transport", "figure", "images"
]


def _joined(value: Any) -> Any:
    """Paragraphs of a list as one Markdown text."""
    is_list = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "\n\n".join(value) if is_list else value


Text = Annotated[str, BeforeValidator(_joined), Field(min_length=1, max_length=5000)]
Line = Annotated[str, Field(min_length=1, max_length=300)]


class Start(Block):
    """A preset and what is changed of it, in the order written."""

    preset: str
    set: dict[str, Any] = Field(default_factory=dict)


class LessonRun(Start):
    """One of the runs shown side by side; without_mnist: what takes its place without MNIST."""

    name: Annotated[str, Field(pattern=f"^{RUN_NAME}$", max_length=30)]
    title: Line
    without_mnist: Start | None = None

    def spec(self) -> RunSpec:
        """The spec that this machine can run."""
        spec = built(self)
        if self.without_mnist and spec.target.kind == "mnist" and why_no_mnist():
            return built(self.without_mnist)
        return spec

    @model_validator(mode="after")
    def _runs(self) -> LessonRun:
        built(self)
        if self.without_mnist:
            built(self.without_mnist)
        if self.name == template.FIGURE:
            raise ValueError(f"name = {self.name!r} stands for figures, a run needs another name")
        return self


def built(start: Start) -> RunSpec:
    """The spec; raises SpecError on an unknown preset, a path or a value outside its limits."""
    spec = preset(start.preset).spec
    for path, value in start.set.items():
        spec = with_value(spec, path, value)
    return spec


class Ask(Block):
    """A prediction: `right` counts the choices from 0."""

    question: Line
    choices: tuple[Line, ...] = Field(min_length=2, max_length=5)
    right: int = Field(ge=0)

    @model_validator(mode="after")
    def _one_is_right(self) -> Ask:
        if self.right >= len(self.choices):
            raise ValueError(f"right = {self.right}, the last choice is {len(self.choices) - 1}")
        return self


class Slide(Block):
    """Done when the slider stands between low and high."""

    slide: str
    low: float
    high: float


class Step(Block):
    """One card of a lesson."""

    say: Text
    ask: Ask | None = None
    figure: Annotated[str, OneOf(FIGURES)] | None = None
    do: Literal["read", "play", "anneal"] | Slide = "read"
    until: int | None = Field(None, ge=1)
    point: Part | None = None
    reveal: Text | None = None

    @model_validator(mode="after")
    def _can_be_done(self) -> Step:
        if (self.do == "play") != (self.until is not None):
            raise ValueError("until is needed with do = 'play', and only there")
        if isinstance(self.do, Slide):
            if self.figure is None:
                raise ValueError(f"do.slide = {self.do.slide!r} needs a figure in the same step")
            if self.do.low > self.do.high:
                raise ValueError(f"do.low = {self.do.low:g} is above do.high = {self.do.high:g}")
            for end in (self.do.low, self.do.high):
                sliders(self.figure, {self.do.slide: end})
        return self

    def texts(self) -> Iterator[str]:
        """What may hold placeholders."""
        yield self.say
        if self.ask:
            yield from (self.ask.question, *self.ask.choices)
        if self.reveal:
            yield self.reveal


class Timing(Block):
    """A part of the lesson in class."""

    minutes: float = Field(gt=0, le=60)
    what: Line


class Question(Block):
    """What an audience asks, and an answer."""

    question: Line
    answer: Text


class Teach(Block):
    """For the lecturer."""

    timing: tuple[Timing, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = ()


class Lesson(Block):
    """A lesson of a few minutes; the module says how its parts work together."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    number: int = Field(ge=1, le=999)
    title: Line
    minutes: int = Field(ge=1, le=60)
    intro: Text
    until: int = Field(0, ge=0, le=100_000)
    runs: tuple[LessonRun, ...] = Field((), max_length=MOST_RUNS)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=12)
    claims: tuple[Claim, ...] = Field(min_length=1)
    summary: Text
    teach: Teach

    def specs(self, seed: int = 0) -> dict[str, RunSpec]:
        """The specs of the runs by name, all with one seed, as this machine can run them."""
        return {run.name: with_value(run.spec(), "seed", seed) for run in self.runs}

    @model_validator(mode="after")
    def _consistent(self) -> Lesson:
        names = [run.name for run in self.runs]
        if len(set(names)) < len(names):
            raise ValueError(f"runs: a name occurs twice in {', '.join(names)}")
        if bool(self.runs) != bool(self.until):
            raise ValueError(f"until = {self.until} with {len(names)} runs: runs need an end")
        ends = [step.until for step in self.steps if step.until]
        if ends != sorted(set(ends)) or ends[-1:] > [self.until]:
            raise ValueError(f"steps: until = {ends} must grow and not pass {self.until}")
        images = any(built(run).target.of_images for run in self.runs)
        if not images and any(step.do == "anneal" for step in self.steps):
            raise ValueError("steps: do = 'anneal' needs runs of images")
        total = sum(part.minutes for part in self.teach.timing)
        if abs(total - self.minutes) > 0.01:
            raise ValueError(f"teach.timing sums to {total:g}, minutes = {self.minutes}")
        wrong = [*self._wrong_texts(names), *self._wrong_claims(names)]
        if wrong:
            raise ValueError(wrong[0])
        return self

    def _wrong_texts(self, names: list[str]) -> Iterator[str]:
        for i, step in enumerate(self.steps):
            known = FIGURES[step.figure].numbers if step.figure else ()
            for text in step.texts():
                for what in template.mistakes(text, names, known, self.until):
                    yield f"steps.{i}: {what}"
        for place in ("intro", "summary"):
            for what in template.mistakes(getattr(self, place), names, (), self.until):
                yield f"{place}: {what}"

    def _wrong_claims(self, names: list[str]) -> Iterator[str]:
        for i, claim in enumerate(self.claims):
            for what in claim.mistakes(names, self.until):
                yield f"claims.{i}: {what}"
