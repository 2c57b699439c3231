"""What the cards of slow motion say: sentences, and formulas in LaTeX.

α is the log of exp(−U) times the density of a Langevin step, up to a constant (Carbone et al. 2023,
arXiv 2305.19414). THETA, GRADIENT and BACKWARD in a formula are replaced by what a run has there.
"""

from __future__ import annotations

LANGEVIN = ("ula", "mala")

DATA = (
    "The data pull the energy down where they lie: the mean of ∂U/∂θ over {points} training "
    "points. Alone it would dig forever."
)
DATA_TERM = r"\frac1m\sum_{j=1}^{m}\partial_\theta U_{\theta_k}(x^*_j)"

WEIGHTED = (
    "The walkers stand for the model and push the energy up where they are, each in proportion to "
    "its weight p."
)
WEIGHTED_TERM = (
    r"\sum_{i=1}^{N}p_i\,\partial_\theta U_{\theta_k}(x_i),\qquad p=\operatorname{softmax}(A)"
)
EQUAL = (
    "The walkers stand for the model and push the energy up where they are, all with the same "
    "weight, whether or not they have kept up with it."
)
EQUAL_TERM = r"\frac1N\sum_{i=1}^{N}\partial_\theta U_{\theta_k}(x_i)"
NO_WALKERS = "{method} samples nothing: the walkers on the plane only show the model."

RULES = {
    "plain": "The parameters go one step against the difference, at their learning rates γ.",
    "Adam": (
        "Adam goes against the difference, each parameter with a step of its own: a running mean "
        "of the gradient over the root of a running mean of its square."
    ),
}
RULE_FORMULAS = {
    "plain": r"\theta_{k+1}=\theta_k-\gamma\,\bigl(GRADIENT\bigr)",
    "Adam": r"\theta_{k+1}=\theta_k-\gamma\,\frac{\hat m}{\sqrt{\hat v}+\epsilon},"
    r"\qquad g=GRADIENT",
}

DRIFTS = {
    "ula": (
        "Every walker slides downhill by h times the slope of the energy.",
        r"x-h\,\nabla U_{THETA}(x)",
    ),
    "mala": (
        "A proposal: every walker would slide downhill by h times the slope of the energy.",
        r"x-h\,\nabla U_{THETA}(x)",
    ),
    "hmc": (
        "HMC has no drift of its own: the slope bends a momentum p, which carries the walker along "
        "leapfrog steps of length ε = √(2h).",
        r"p\leftarrow p-\tfrac{\varepsilon}{2}\nabla U(x),\quad x\leftarrow x+\varepsilon p,\quad "
        r"p\leftarrow p-\tfrac{\varepsilon}{2}\nabla U(x)",
    ),
    "underdamped": (
        "Underdamped Langevin has no drift of its own: the slope bends a momentum p that lasts "
        "from update to update and carries the walker by ε = √(2h).",
        r"p\leftarrow p-\tfrac{\varepsilon}{2}\nabla U(x),\quad x\leftarrow x+\varepsilon p,\quad "
        r"p\leftarrow p-\tfrac{\varepsilon}{2}\nabla U(x)",
    ),
}
NOISES = {
    "ula": (
        "A random kick keeps the walkers spread: without it all would gather at the bottoms of "
        "the valleys.",
        r"y=x-h\,\nabla U(x)+\sqrt{2hT}\,\xi,\qquad\xi\sim\mathcal N(0,I)",
    ),
    "mala": (
        "A random kick completes the proposal, which is then tested: a walker that fails stays "
        "where it was.",
        r"y=x-h\,\nabla U(x)+\sqrt{2h}\,\xi,\qquad\text{accept with }\min(1,e^{r})",
    ),
    "hmc": (
        "The noise of HMC is a fresh momentum for each move; its end point is taken as it is.",
        r"p\sim\mathcal N(0,I)",
    ),
    "underdamped": (
        "Friction and noise renew a part of the momentum before and after the move.",
        r"p\leftarrow c\,p+\sqrt{1-c^2}\,\xi,\qquad c=e^{-\gamma\varepsilon/2}",
    ),
}
HMC_TESTED = (
    "The noise of HMC is a fresh momentum for each move; the end point is then tested, and "
    "a walker that fails stays where it was.",
    r"p\sim\mathcal N(0,I),\qquad\text{accept with }\min(1,e^{-\Delta H})",
)

NO_WEIGHTS = (
    "{method} gives its walkers no weights: every one counts 1/N, and nothing makes up for their "
    "lag behind the parameters."
)
JARZYNSKI = (
    "The walkers lag behind the new parameters; each log-weight takes up what it missed, so that "
    "weighted means stay exact at every step size."
)
OLD_BACKWARD = " The backward step uses the old slope, which is just as exact."
ALPHA = (
    r"\begin{aligned}A&\leftarrow A+\alpha_k(x,y)-\alpha_{k+1}(y,x)\\"
    r"\alpha_k(x,y)&=U_k(x)+\tfrac12(y-x)\cdot\nabla U_k(x)+\tfrac h4|\nabla U_k(x)|^2\\"
    r"\alpha_{k+1}(y,x)&=U_{k+1}(y)+\tfrac12(x-y)\cdot BACKWARD+\tfrac h4|BACKWARD|^2\end{aligned}"
)
TEMPERED = (
    r"\begin{aligned}A&\leftarrow A+\alpha_k(x,y)-\alpha_{k+1}(y,x)\\"
    r"\alpha_k(x,y)&=U_k(x)+\tfrac1T\bigl[\tfrac12(y-x)\cdot\nabla U_k(x)"
    r"+\tfrac h4|\nabla U_k(x)|^2\bigr]\\"
    r"\alpha_{k+1}(y,x)&=U_{k+1}(y)+\tfrac1T\bigl[\tfrac12(x-y)\cdot BACKWARD"
    r"+\tfrac h4|BACKWARD|^2\bigr]\end{aligned}"
)
FIRST_ORDER = r"A\leftarrow A+U_k(x)-U_{k+1}(x)"
UNCORRECTED = (
    "The correction is off, which is wrong on purpose: the weight takes up the change of the "
    "parameters but not the error of the Langevin step."
)
TESTED = (
    "The weight takes up the change of the parameters before the move; a move that is tested "
    "leaves the model as it is and adds nothing."
)
SEVERAL = (
    "The weight first takes up the change of the parameters, then what each move at the new "
    "parameters adds."
)
SEVERAL_STEPS = r"A\leftarrow A+U_k(x)-U_{k+1}(x)+\sum_{\rm moves}\Delta A"
SHADOW = "The weight grows by the drop in energy plus kinetic energy along the way."
SHADOW_WORK = r"A\leftarrow A+U_k(x)+\tfrac12|p|^2-U_{k+1}(x')-\tfrac12|p'|^2"
