"""Blocks that declare themselves: what a target, an energy and a method say about themselves.

Nothing else in the lab is keyed by their kind: whoever adds one writes its block and lists it. A
block imports the maths when it is asked for it, so that specs do not need torch.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from ebm_engine.spec.fields import Block

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator, Tensor

    from ebm_engine.core.energies.networks.pyramid import Decoder
    from ebm_engine.core.kernels.adaptation import AdaptiveKernel
    from ebm_engine.core.types import Energy, Method, Parameters
    from ebm_engine.data.densities import Density


class KindBlock(Block):
    """A block of which there are several kinds; title: the name of this one in menus."""

    kind: str = ""
    title: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """A kind that leaves out what it must declare cannot even be defined: TypeError."""
        super().__pydantic_init_subclass__(**options)
        if cls.model_fields["kind"].default:
            absent = {name for name in cls.__class_vars__ if not hasattr(cls, name)}
            if missing := sorted(absent | cls.__abstractmethods__):
                raise TypeError(f"{cls.__name__} does not declare {', '.join(missing)}")


class Disc(NamedTuple):
    """A disc on the plane over which `count` modes of a mixture energy are spread at the start."""

    count: int
    radius: float
    centre: tuple[float, float] = (0.0, 0.0)


class TargetBlock(KindBlock):
    """The fields of a target: what the model learns.

    of_images: whether its points stand for images; image_side: that of its square images in pixels,
    0 where there are none or only a file knows; own_file: whether it is a file of the person who
    asks, which no link or script carries, at `path`; samples: number of training points, 0 where
    only the file knows.
    """

    of_images: ClassVar[bool]
    image_side: ClassVar[int] = 0
    own_file: ClassVar[bool] = False

    if TYPE_CHECKING:  # a field of most, counted from other fields in some

        @property
        def samples(self) -> int: ...
        @property
        def path(self) -> str: ...

    @property
    @abstractmethod
    def dim(self) -> int:
        """Dimension d of its points; of images, their number of pixels."""


class PointTarget(TargetBlock):
    """A target whose training points are drawn from a density, or are points of one's own.

    detailed: whether its shapes are finer than a third of their spread: short length scales and
    momentum then learn them sooner; fits_mixture: whether a mixture energy, whose modes have width
    1, is a fair start; fixed_energy: whether the page on Langevin sampling offers −log of the
    density for its chains.
    """

    of_images: ClassVar[bool] = False
    detailed: ClassVar[bool]
    fits_mixture: ClassVar[bool] = True
    fixed_energy: ClassVar[bool] = True

    @property
    def dim(self) -> int:
        """The plane."""
        return 2

    @abstractmethod
    def density(self) -> Density:
        """The true density on the plane, with its box and its finest width.

        Raises ValueError where own points cannot be read or a shape is too thin for its extent.
        """

    @abstractmethod
    def network_step(self) -> float:
        """The Langevin step size h that suits a network on it; see `step_for`.

        Raises ValueError where own points cannot be read.
        """

    @abstractmethod
    def disc(self) -> Disc:
        """Where the modes of a mixture energy start.

        Raises ValueError where own points cannot be read.
        """


class EnergyKit(NamedTuple):
    """What an energy is built from, besides its own fields.

    data: training points (n, d), whose dtype and device it has; rng: draws its parameters;
    image_size: (h, w) of images, None on other targets; decoder: the map to their pixels, None
    where the points are the pixels.
    """

    data: Tensor
    rng: Generator
    image_size: tuple[int, int] | None = None
    decoder: Decoder | None = None


class EnergyBlock(KindBlock):
    """The fields of an energy: what is trained.

    is_network: whether it is a neural network on a Gaussian, and no mixture; needs_images: whether
    its inputs are images; space: "latent" or, on images, "pixels"; dim: dimension of its points, of
    a network on images the number of principal components; l2: weight of the penalty on its values.
    """

    is_network: ClassVar[bool]
    needs_images: ClassVar[bool] = False

    if TYPE_CHECKING:  # fields of the networks

        @property
        def space(self) -> str: ...
        @property
        def dim(self) -> int: ...
        @property
        def l2(self) -> float: ...

    @abstractmethod
    def build(self, kit: EnergyKit) -> Energy:
        """The energy at θ₀; raises ValueError for images that it cannot take."""

    @abstractmethod
    def hidden_units(self, image_side: int) -> int:
        """Numbers that one evaluation keeps for each point; image_side: see TargetBlock."""


class Kit(NamedTuple):
    """What a method is built from, besides its own fields.

    kernel: the Markov move; count: number N of walkers; base: the energy that walkers start from,
    which can be sampled exactly: that at θ₀, or the Gaussian base of a network that starts random;
    exact_gradient: ∂H/∂θ of the cross-entropy on all training points, without sampling; adapt:
    whether the walkers adapt their step size.
    """

    kernel: AdaptiveKernel
    count: int
    base: Energy
    exact_gradient: Callable[[Energy], Parameters]
    adapt: bool = False


class Line(NamedTuple):
    """How a method's curves look: colours on a light and a dark ground, and a dash.

    dash: as Plotly takes it; stage_dash: pixels on, off, … on the stage, empty for a solid line.
    """

    light: str
    dark: str
    dash: str
    stage_dash: tuple[int, ...]


class ChainWords(NamedTuple):
    """Where the new chains of an update start ("Every chain starts …"), and what ends them."""

    start: str
    end: str


class Words(NamedTuple):
    """A sentence about one part of an update, and its formula in LaTeX."""

    sentence: str
    formula: str


class MethodBlock(KindBlock):
    """The fields of a method, with how it is named, drawn, explained and built.

    label: its name in figures, where {field} stands for a field's value; help: what it does, in a
    sentence; line: its curves; weighted: whether its walkers carry weights; reads_walkers: whether
    its gradient uses them, or they are only shown; reads_batch: whether it uses the training points
    of the update, or always all of them; any_kernel: whether it takes other moves than ULA;
    on_images: whether it can learn images, and most_dims: in how many dimensions at most;
    has_kl_term: whether its gradient has the KL term of improved CD.

    In slow motion: chains: of a method that starts new chains in every update, before it takes the
    gradient, None where walkers live on; data_term: what it fits to the data in place of the mean
    of ∂U/∂θ; model_term: what stands for the model in place of the walkers; extra_term: what it
    adds to the gradient.
    """

    label: ClassVar[str]
    help: ClassVar[str]
    line: ClassVar[Line] = Line("#5F6673", "#A3ABB9", "12px,12px", (10, 10))
    weighted: ClassVar[bool] = False
    reads_walkers: ClassVar[bool] = True
    reads_batch: ClassVar[bool] = True
    any_kernel: ClassVar[bool] = True
    on_images: ClassVar[bool] = True
    most_dims: ClassVar[float] = math.inf
    has_kl_term: ClassVar[bool] = False
    chains: ClassVar[ChainWords | None] = None
    data_term: ClassVar[Words | None] = None
    model_term: ClassVar[Words | None] = None
    extra_term: ClassVar[Words | None] = None

    if TYPE_CHECKING:  # fields of some methods; the others have the values of WITHOUT
        k: ClassVar[int]
        steps: ClassVar[int]
        backward: ClassVar[Literal["new", "old"]]
        witness: ClassVar[int]
        capacity: ClassVar[int]
        ess_threshold: ClassVar[float]
        refresh_every: ClassVar[int]
        walker_batch: ClassVar[int]
        correction: ClassVar[bool]
        kl_weight: ClassVar[float]
        entropy_weight: ClassVar[float]

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """What only other methods have as a field is a constant of this one."""
        super().__pydantic_init_subclass__(**options)
        for name, value in WITHOUT.items():
            if name not in cls.model_fields:
                setattr(cls, name, value)

    @abstractmethod
    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""


# What a method answers that has no such field: k moves of new chains, steps per update, gradient
# of the backward kernel, witness walkers, slots of a replay buffer, threshold and refreshes of the
# weights, walkers that move (0: all), whether weights are corrected, and weights of the KL term.
WITHOUT: dict[str, Any] = {
    "k": 1,
    "steps": 1,
    "backward": "new",
    "witness": 0,
    "capacity": 0,
    "ess_threshold": 0.0,
    "refresh_every": 0,
    "walker_batch": 0,
    "correction": True,
    "kl_weight": 0.0,
    "entropy_weight": 0.0,
}
