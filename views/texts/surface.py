"""Texts of the page Surfaces."""

from collections.abc import Iterable

from normscape.figures.training import Training
from normscape.gallery.stories import STORIES, TITLES
from normscape.landscape import DATA
from normscape.models import ARCHITECTURES
from normscape.specs import Display, Experiment, GridSpec
from normscape.specs.fields import rule_at
from normscape.views.session.previews import Preview, is_draft
from normscape.views.session.results import ComparisonState, Outcome
from normscape.views.texts.escape import printable
from normscape.views.texts.flatness import where
from normscape.views.texts.labels import in_text

CLAIM = "{count} networks, identical except for {field}: their loss around the {weights}, on one scale."
ONE_NETWORK = "One network with {number} values of {field}: its loss around the {weights}, on one scale."
FIRST = next(iter(STORIES.values())).experiment
NUMERALS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}


def claim(experiment: Experiment) -> str:
    """Return what the surfaces of an experiment show: the sentence of its story, if it is one of the gallery's."""
    title = TITLES.get(experiment)
    return compared(experiment) if title is None or experiment == FIRST else f"**{title}.** {STORIES[title].sentence}"


def compared(experiment: Experiment) -> str:
    """Return how many networks are compared, and around which weights."""
    variants = experiment.variants()
    place = where(variants)
    names = {"here": "weights", "at initialization": "initial weights", "at the trained weights": "trained weights"}
    weights = names.get(place, f"weights {place}")
    if len(variants) == 1:
        return f"One network: its loss around the {weights}."
    label, count = rule_at(experiment, experiment.compare).label, NUMERALS[len(variants)]
    text = ONE_NETWORK if experiment.compare.startswith("surface.") else CLAIM
    field = f"{label[:1].lower()}{label[1:]}"
    return text.format(count=count, number=count.lower(), field=field, weights=weights)


NO_VERDICT = (
    r"$\lambda_{\max}$, the scale-free ratio and the held-out accuracy are compared here once they are measured."
)


def computing(experiment: Experiment, state: ComparisonState) -> str:
    """Return what is computed while no network has a surface: training, the grid of losses, the curvature."""
    model, data = experiment.run.model, experiment.run.data
    steps = sorted({one.steps for one in state.trainings.values() if not one.finished})
    measured = rf"the loss on a grid of at most {_size(state.levels[-1])} points, and then $\lambda_{{\max}}$"
    if not steps:
        return f"**Computing {measured}.** The comparison appears here."
    network = "network"
    if experiment.compare != "run.model.architecture":
        network = printable(in_text(ARCHITECTURES[model.architecture].label))
    of = "" if experiment.compare == "run.data.name" else f" on {printable(DATA[data.name].label)}"
    counts = " to ".join(str(count) for count in dict.fromkeys((steps[0], steps[-1])))
    return f"**Training: {counts} steps of each {network}{of}.** Then follow {measured}. The comparison appears here."


LOG_SCALE = "Heights are logarithms: a deeper bowl has a lower loss, not a higher curvature."

TRUE_SHAPES = "[Linear heights]({linear}) show the true shapes."

READING = r"""
**What to look at.** If the gradient changes little when the weights move a little, the landscape is smooth. Each
surface shows one quantity, at first the loss, around the marked weights $\theta^*$ along two random, filter-normalized
directions ([Li et al. 2018](https://arxiv.org/abs/1712.09913)). To see how smooth it is, switch to *Gradient change*:
$\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|$, a lower bound on the Lipschitz constant $L$ of the gradient.
Then compare $\lambda_{\max}$, the largest curvature in any direction.

**Scale.** Linear heights have the true shape; colors are logarithmic, so that small losses differ, too. On the log
scale heights are logarithms: a deep, pointed bowl has a low loss at its bottom, not a high curvature.

**Caveats.**
- Two random directions miss most of the sharp ones, so a calm slice does not prove a small $L$. A convex slice does not
  prove convexity; a non-convex slice proves non-convexity.
- Raw ratios and $\lambda_{\max}$ depend on the scale of the weights. Weights in front of a normalization layer can grow
  without changing the function, and $L$ shrinks with their square. Compare the scale-free values as well.
- ReLU networks have kinks: no finite $L$ exists, and finer grids find larger ratios.
- One seed is one sample: see [Variation across seeds](#variation-across-seeds).
- Along training, other numbers are measured: of a mini-batch, with its own curvature and statistics, and over steps of
  finite length, while $\lambda_{\max}$ here is of all samples and at one point. The two can disagree.
"""

RATIO = (
    r"$\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|$ at every point of the same slice: each value is a "
    "lower bound on the Lipschitz constant $L$ of the gradient. At the center it is the largest limit over all "
    "directions in the plane."
)

IN_PLANE_RATIO = (
    "The same change as it is seen in the plane, "
    r"$\|D^\top(\nabla f(\theta+\Delta)-\nabla f(\theta))\|/\|(\alpha,\beta)\|$ with $D=[d_1\ d_2]$. Rescaling weights "
    "in front of a normalization lowers or raises the ratio above; this one is unchanged."
)

NOT_SCALE_FREE = "There is no scale-free form: it takes filter-normalized directions that are not orthogonalized."

REFINEMENT = (
    "The largest ratio between neighbors on the line through the center along $d_1$, at spacings that halve. Where "
    "the gradient jumps, as it does with ReLU, no finite $L$ exists and the bound grows like 1/spacing: so bounds are "
    "compared at equal spacing only. With a smooth activation (GELU, tanh) the line levels off."
)

DIFFERENCES = (
    "Each further network's surface minus the first one's, with one symmetric range of colors; on the logarithmic "
    "scale the logarithm of their quotient. Both are seen along their own directions, so equal places are equal shares "
    "of each network's own weights, not equal weights."
)

STATISTICS = {
    "population": "Batch norm uses the mean and variance of all evaluation samples, computed anew at every point.",
    "batch": "Batch norm uses the mean and variance of each mini-batch of a fixed partition, computed anew at every "
    "point.",
    "running": "Batch norm uses its stored averages, held fixed at every point: away from the center it is an affine "
    "map, and what it does to the landscape is gone.",
}


PENDING = "Training starts. Its loss is drawn here, and then the surface."
LOADING = "The first points of the surface are being computed."
TRAINED = "Trained. The first points of the surface are being computed."
STOPPED = "Stopped. Resume to compute this surface."
RESULTS_FOLLOW = "This appears once the first points of every surface are computed."
NO_RESULTS = "There are no results to show."
FAILED = "Failed, for the reason above."

ERROR_NAMES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "gradient-norm": "gradient_norm",
    "gradient-change-ratio": "ratio",
    "in-plane-ratio": "in_plane_ratio",
}
"""Names of the interpolation errors in `ComparisonState.errors`, by metric."""


LARGE_ERROR = 0.1
ROUGH = " Do not trust the shape between the points: choose a smaller range or more points under *Advanced*."
"""What to do where interpolation is worse than `LARGE_ERROR`, as a share of the scale."""


def resolution(state: ComparisonState, display: Display) -> str:
    """Return the grid that is drawn, with the measured error of the interpolation between its points."""
    grid, finest = state.levels[max(state.level, 0)], state.levels[-1]
    drawn = drawn_grids(state.outcomes.values())
    if state.draft_error is not None:
        drawn = f"{drawn} (error of the draft: {100 * state.draft_error:.2g} % of the range)"
    if state.level < 0:
        return f"{drawn or _size(grid) + ' grid'}, not complete yet."
    pending = f" Refining: {_size(grid)} of at most {_size(finest)}." if not state.finished and grid != finest else ""
    if display.every_point:
        return f"{drawn}, every point evaluated.{pending}"
    error = state.errors.get(ERROR_NAMES.get(display.metric, "")) if " and " not in drawn else None
    known = "" if error is None else f" (error ≤ {100 * error:.2g} %)"
    coarse = ROUGH if error is not None and error > LARGE_ERROR and not pending else ""
    return f"{drawn}, interpolated{known}.{coarse}{pending}"


def drawn_grids(outcomes: Iterable[Outcome]) -> str:
    """Return the grids of measured surfaces: "17×17 grid", "3×3 and 17×17 grids", with a word if one is a draft."""
    outcomes = tuple(outcomes)
    grids = {one.surface.spec.grid.points: one.surface.spec.grid for one in outcomes if one.surface is not None}
    sizes = [_size(grids[points]) for points in sorted(grids)]
    draft = ", draft in bfloat16" if any(one.surface is not None and is_draft(one.surface) for one in outcomes) else ""
    return f"{' and '.join(sizes)} grid{'s' if len(sizes) > 1 else ''}{draft}" if sizes else ""


def unmeasured(labels: Iterable[str], state: ComparisonState) -> str:
    """Return how many of the compared networks have results while some have none yet, empty if all have some."""
    labels = list(labels)
    pending = [label for label in labels if label not in state.outcomes and label not in state.failures]
    return f"{len(labels) - len(pending)} of {len(labels)} networks measured." if pending and state.outcomes else ""


def _size(grid: GridSpec) -> str:
    return "×".join(map(str, grid.points))


def missing_surfaces(labels: Iterable[str], state: ComparisonState, *, stopped: bool) -> dict[str, str]:
    """Return a sentence for every compared network without a surface, in the order of the comparison.

    Args:
        labels: of the compared networks.
        state: their available results.
        stopped: whether this session has stopped the request.
    """
    missing = [label for label in labels if label not in state.outcomes or state.outcomes[label].surface is None]
    return {label: _missing_surface(label, state, stopped=stopped) for label in missing}


def _training(training: Training | None, preview: Preview | None) -> str:
    if training is None:
        return LOADING
    if not training.batch_loss.size:
        return PENDING
    progress = TRAINED if training.finished else "Training."
    return progress if preview is None else f"{progress} {_shown_meanwhile(preview)}"


def _shown_meanwhile(preview: Preview) -> str:
    return f"The surface {'at initialization' if preview.step == 0 else f'at step {preview.step}'} is shown meanwhile."


def _missing_surface(label: str, state: ComparisonState, *, stopped: bool) -> str:
    if label in state.failures:
        return FAILED
    if label not in state.outcomes:
        return STOPPED if stopped else _training(state.trainings.get(label), state.previews.get(label))
    outcome = state.outcomes[label]
    return f"Diverged at step {outcome.run.diverged_at}: there is no surface of step {outcome.checkpoint}."
