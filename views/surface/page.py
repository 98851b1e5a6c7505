"""What does the loss surface look like? Controls, results, figures, explanation and downloads."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from normscape.views.session import address, previews, progress, results
from normscape.views.session.admission import admitted
from normscape.views.session.comparison_request import experiment_request
from normscape.views.session.experiment_page import experiment_page
from normscape.views.session.seeds import training_seed
from normscape.views.surface import (
    answer,
    checks,
    controls,
    downloads,
    key_numbers,
    layer_curvature,
    maps,
    measures,
    seed_variation,
    seeds_link,
    statistics_modes,
    surfaces_3d,
    tiles,
    training,
)
from normscape.views.texts import surface as texts
from normscape.views.texts.escape import printable, printable_error
from normscape.views.texts.other_quantities import other_quantities
from normscape.views.widgets.story_cards import related, story_cards
from normscape.views.widgets.tabs import show_open

# first the words of the verdict and of the tiles
GLOSSARY_TERMS = (
    "flat",
    r"$\lambda_{\max}$",
    "scale-free",
    "held-out",
    "loss surface",
    "gradient-change ratio",
    "slice",
    "filter normalization",
    r"$\theta^*$",
    r"$\alpha$, $\beta$",
    "Lipschitz constant $L$",
    r"$L \ge$",
    r"$2/\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$",
    "evaluation set",
    "population statistics",
    "running statistics",
    "error between points",
    "in-plane ratio",
    "local ratio",
    "per-layer ratio",
)

top, verdict_place = st.container(key="top"), st.container(key="surface-verdict").container(key="verdict")
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="surface-tools"):
    controls_place, progress_place = st.container(width="content"), st.container(key="progress")
surfaces_place = st.container(key="surfaces")
with surfaces_place:  # first, so that the browser shows it with the first text
    surfaces_3d.still(*address.opened())
with top:
    experiment, display = experiment_page("Surfaces", texts.claim, terms=GLOSSARY_TERMS)
with controls_place:
    experiment, display = controls.section(experiment, display, progress_place)

with verdict_place:
    variants = admitted(experiment)
    slow = previews.slow_networks(variants)
    request = experiment_request(experiment, display, variants, address.of(experiment, display), slow)
    gradients, log_scale = display.needs_gradients, (display.metric, display.scale) == ("loss", "log")
    state = results.request_comparison(request, variants, gradients=gradients, draft=display.draft)
    measured = measures.measures(state.outcomes)
    found = answer.answer_of(measured, variants, state, stopped=progress.is_stopped(request))
    if measured or found.warnings:
        linear = f".{address.of(experiment, replace(display, scale='linear'))}" if log_scale else ""
        answer.section(found, measured, variants, linear=linear)
    elif not state.failures:
        stopped = state.finished or progress.is_stopped(request)
        st.markdown(texts.NO_VERDICT if stopped else texts.computing(experiment, state))
    for label, failure in state.failures.items():
        st.error(f"**{printable(label)}**: {printable_error(failure)}")
    shown = [str(failure) for failure in state.failures.values()]
    if state.finished and not progress.is_stopped(request):
        unshown = [message for message in progress.failures(request) if message not in shown]
        for message in unshown:
            st.error(printable_error(message))  # here it has the whole width
        shown += unshown
with progress_place:
    progress.show_progress(request, state.finished, shown=shown)

drawn = surfaces_3d.comparison_of(experiment, display, state.outcomes)
missing = texts.missing_surfaces(variants, state, stopped=progress.is_stopped(request))
spoken = found.spoken(display.metric, display.scale)
compose = downloads.composer(experiment, display, drawn, state.outcomes, spoken)
with surfaces_place:
    surfaces_3d.surfaces(
        drawn,
        display,
        missing=missing,
        trainings=state.trainings,
        previews=state.previews,
        verdict=spoken,
        compose=compose,
    )
outcomes = state.exact  # numbers and files are of these alone
comparison = surfaces_3d.comparison_of(experiment, display, outcomes) if state.drafts else drawn
downloads.share_row(experiment, display, comparison, outcomes)
surfaces_3d.notes(drawn, display, state)
checks.note(outcomes)
tiles.tiles(variants, measured, finished=state.finished, seed=training_seed(variants))
st.caption(other_quantities("Surfaces", experiment, display))


def once_available(*parts: Callable[[], object]) -> None:
    """Draw the parts of a tab if its results can be drawn; otherwise say that they cannot yet."""
    # a browser takes longer to draw charts than the next grid takes to arrive
    if not outcomes or state.surfaces_only:
        st.caption(texts.NO_RESULTS if state.finished or progress.is_stopped(request) else texts.RESULTS_FOLLOW)
        return
    for part in parts:
        part()


compared = (experiment, display, comparison)
sections: dict[str, tuple[Callable[[], object], ...]] = {
    "Maps and cuts": (partial(maps.section, *compared), partial(statistics_modes.section, *compared)),
    "Gradient change in detail": (
        partial(maps.gradient_change_section, *compared),
        partial(layer_curvature.section, experiment),
    ),
    "Training": (partial(training.section, *compared, outcomes),),
    "Numbers": (partial(key_numbers.section, outcomes), partial(seed_variation.section, *compared)),
    "Checks": (partial(checks.section, outcomes),),
    "Reproduce": (partial(downloads.section, experiment, display, outcomes),),
}
# the first tab is open at first and has no chart, so the browser draws the surfaces before it loads code for charts
details: dict[str, Callable[[], object]] = {"How to read": partial(st.markdown, texts.READING)}
details |= {title: partial(once_available, *parts) for title, parts in sections.items()}
show_open(st.tabs(list(details), key="details", on_change="rerun"), details)
with st.container(horizontal=True, vertical_alignment="center", key="more-comparisons"):
    st.subheader("More comparisons", anchor=False, width="content")
    st.page_link("views/gallery/page.py", label="All in the gallery", icon=":material/arrow_forward:")
story_cards(related(experiment))
seeds_link.install()
