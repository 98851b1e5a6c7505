"""The page Guide: loss landscapes, what to look for, the pages, the argument and its limits, papers, the glossary."""

from pathlib import Path

import streamlit as st

from normscape.figures.style.notation import plain
from normscape.gallery.stories import STORIES, card, reading
from normscape.views.analysis.steps import ARGUMENT as STEPS_OF_ARGUMENT
from normscape.views.analysis.steps import STEPS
from normscape.views.guide.learning_rates import limits_on_the_learning_rate
from normscape.views.guide.own_network import own_network
from normscape.views.guide.step_figure import largest_step, step_figure
from normscape.views.texts.escape import printable
from normscape.views.texts.glossary import TERMS, THEMES, definition, measured_in, slug
from normscape.views.texts.papers import PAPERS, cite
from normscape.views.texts.questions import QUESTIONS
from normscape.views.texts.terms.term import Term
from normscape.views.widgets.charts import page_theme
from normscape.views.widgets.numbers import number
from normscape.views.widgets.story_cards import names_in_picture
from normscape.views.widgets.story_texts import panel_names, result_sentence

TEXT_AND_FIGURE = (5, 6)

SECTIONS = {  # anchors by heading, in the order of the page
    "What is a loss landscape?": "loss-landscape",
    "What to look for": "look-for",
    "What each page answers": "pages",
    "Four limits on the learning rate": "largest-rates",
    "The argument in short": "argument",
    "Your own network": "own-network",
    "Papers": "papers",
    "Glossary": "terms",
}

FIGURE = "Batch norm or none, on digits"
FIGURE_ALT = (
    "A loss surface with notes: the trained weights at its center, contour lines of equal loss, the two random "
    "directions along its ground, and the color bar of the loss."
)

PAIR_ALT = (
    "The loss surfaces of two networks side by side: a bowl each, the one with batch norm is flatter at its bottom."
)

STEP_ALT = (
    "The loss after one gradient step against the learning rate: the bound returns to the loss before the step at 2/L, "
    "the loss itself only at a larger rate."
)

STEP_CAPTION = (
    r"One gradient step on the loss $\log\cosh\theta$ from $\theta = 1.6$, where $L = 1$. The bound is below the loss "
    "before the step up to $2/L$. Here the bound is loose: the loss itself is lower up to a "
    f"rate {number(largest_step() / 2, 2)}× as large."
)

LANDSCAPE = r"""
A surface shows the loss of one network at many different weights: **the height is the loss**, and the color its
logarithm. The trained weights are at the center. Along the two horizontal axes, all weights move in two random
directions.

In a **flatter** landscape, the gradient changes less from step to step, so gradient descent stays stable at **larger
learning rates**. Whether normalization flattens the landscape depends on the network, the data and the measure of
flatness. These pages measure it.

**Batch norm** subtracts from each unit its mean over the mini-batch and divides by its standard deviation; a learned
scale and shift follow. Other normalizations use other sets of values.
"""

LOOK_FOR = r"""
1. **Choose an experiment** in the [gallery](gallery), or choose network, data set and normalizations.
2. **Compare the shapes.** All surfaces share one scale and one camera. A wide, even bowl is smooth; steep walls and
   bumps are not. *Gradient change* shows how smooth in numbers.
3. **Read the verdict.** $\lambda_{\max}$ is the largest curvature in any direction; two random directions can miss
   it. Held-out accuracy says whether the flatter network is also the better one.
4. **Point at a surface**, or tap it, to read every metric there. A click keeps the point, and *Copy link* copies every
   choice.
"""

PAGES = {
    "Surfaces": "views/surface/page.py",
    "Gallery": "views/gallery/page.py",
    "Analysis": "views/analysis/page.py",
    "Along training": "views/smoothness/page.py",
    "Learning rates": "views/stability/page.py",
    "Curvature": "views/curvature/page.py",
    "Paths": "views/paths/page.py",
    "Files": "views/files/page.py",
    "Jobs": "views/jobs/page.py",
}

ARGUMENT = r"""
- If the **gradient changes slowly**, the loss stays close to its tangent.
- So a gradient step lowers the loss at **every learning rate $\eta$ below $2/L$**, where $L$ bounds the change.
- A weight's gradient **carries the layer's input $x$**, so the second moment $\sum_i E[x_i^2]$ enters a bound on $L$.
- **Centering**, subtracting the mean, makes that second moment as small as any shift can; **dividing by the standard
  deviation** sets each of its terms to 1.
- Hence normalization should **lower $L$** and allow larger learning rates, if the bound is tight.

The bound is often loose, and dividing raises terms that were below 1. The page [Analysis](analysis) divides the
argument into {steps} steps, measures each on your networks, and adds {tests} tests of it.
"""

DETAILS = rf"""
- **The tangent**:
  $f(\theta+\Delta)\le f(\theta)+\langle\nabla f(\theta),\Delta\rangle+\tfrac12L\|\Delta\|^2$, where $L$ bounds the
  gradient-change ratio ([measured](analysis#descent)). *Limit*: the gradient of a ReLU network jumps, so no finite $L$
  exists.
- **The gradient step**:
  $f(\theta-\eta\nabla f)\le f(\theta)+(\tfrac12L\eta^2-\eta)\|\nabla f\|^2$ ([measured](analysis#descent)). *Limit*:
  the condition is sufficient and local. Training itself can raise $\lambda_{{\max}}$ to about $2/\eta$
  ({cite("Cohen et al. 2021")}).
- **The input**:
  $\|E[\lambda x]\|\le\sqrt{{E[\lambda^2]}}\,\sqrt{{\sum_iE[x_i^2]}}$, where $\lambda$ is the change of the
  backpropagated signal ([measured](analysis#cauchy-schwarz)). *Limit*: only the weights of one layer move, and the
  gradient may change much less than the bound allows.
- **Centering and dividing**:
  $\sum_iE[(x_i-\mu_i)^2]$ is smallest at $\mu=E[x]$, and $E[(x_i-\mu_i)^2/\sigma_i^2]=1$
  ([measured](analysis#second-moments)). *Limit*: dividing raises the second moment of inputs with a variance below 1.
  Even where the bound falls, the curvature need not: one weight with logistic loss is a
  [counterexample](analysis#counterexamples).
- **The conclusion**:
  {cite("Santurkar et al. 2018")}; {cite("Bjorck et al. 2018")}. *Limit*: in deep plain ReLU networks with batch norm,
  gradients grow by about 1.21 per layer at initialization ({cite("Yang et al. 2019")}). Larger weights in front of a
  normalization lower $L$, too. Therefore a scale-free value and the held-out loss accompany every $L$.
"""

UNFOLD = Path(__file__).with_name("unfold.js").read_text(encoding="utf-8")


def _pages() -> None:
    """Show every page with its question, in as many columns as fit (`style.css`)."""
    with st.container(key="pages"):
        for title, path in PAGES.items():
            with st.container(gap=None, key=f"page-row-{slug(title)}"):
                st.page_link(path, label=f":primary[**{title}**]")
                st.markdown(QUESTIONS[title])


def _glossary() -> None:
    help_text = "Part of a term or of its definition; Greek letters by their names, too."
    query = st.text_input("Find a term", type="search", live=True, help=help_text, width=420).strip()
    names = {name for name, term in TERMS.items() if query.casefold() in _searchable(name, term)}
    if not names:
        st.caption(f"No term matches '{printable(query)}'.")
        return
    st.caption(f"{len(names)} of {len(TERMS)} terms." + ("" if query else " Open a theme to read its terms."))
    for theme, terms in THEMES.items():
        if own := [name for name in terms if name in names]:
            _theme(theme, own, open_at_first=bool(query))
    with st.container(key="recovery-unfold"):
        st.html(f"<script>{UNFOLD}</script>", unsafe_allow_javascript=True)


def _theme(theme: str, names: list[str], *, open_at_first: bool) -> None:
    """Show the terms of a theme in as many columns as fit (`style.css`), folded unless they were searched for."""
    with (
        st.expander(f"**{theme}** · {len(names)} terms", expanded=open_at_first),
        st.container(key=f"terms-{slug(theme)}"),
    ):
        for name in names:
            with st.container(key=f"term-{slug(name)}", gap=None):
                st.subheader(name, anchor=slug(name))
                st.markdown(" ".join(filter(None, [definition(name), measured_in(name)])))


def _searchable(name: str, term: Term) -> str:
    """Return the text that a search goes through: a term, its slug, and its definition."""
    return f"{plain(name)} {slug(name)} {plain(term.definition)}".casefold()


def _papers() -> None:
    st.markdown("\n".join(f"- {cite(name)}: *{paper.title}*" for name, paper in PAPERS.items()))


def _heading(title: str) -> None:
    st.header(title, anchor=SECTIONS[title], width="content")


def _contents() -> None:
    with st.container(key="contents"):
        st.markdown(" · ".join(f"[{title}](#{name})" for title, name in SECTIONS.items()))


def _figure() -> None:
    """Show how to read a surface."""
    with st.container(key="guide-figure"):
        for key, narrow in (("wide-reading", False), ("narrow-reading", True)):  # `style.css` shows one of them
            with st.container(key=key):
                st.image(reading(page_theme(), narrow=narrow), alt=FIGURE_ALT, width="stretch")
        st.caption("The loss of a multilayer perceptron with batch norm, trained on handwritten digits.")


def _pair() -> None:
    """Show the two surfaces that the first experiment compares."""
    with st.container(key="guide-pair"):
        with st.container(key="picture-guide"):
            st.image(card(FIGURE), alt=PAIR_ALT, width="stretch")
            st.html(names_in_picture(panel_names(STORIES[FIGURE].experiment)))
        st.caption(f"{result_sentence(FIGURE, STORIES[FIGURE])}, in one training each.")


def _step() -> None:
    """Show why the loss falls below 2/L, and that it may fall beyond."""
    with st.container(key="guide-step"):
        st.image(step_figure(page_theme()), alt=STEP_ALT, width="stretch")
        st.caption(STEP_CAPTION)


st.title(QUESTIONS["Guide"], anchor=False)
_contents()
text, figure = st.columns(TEXT_AND_FIGURE, gap="large")
with text:
    _heading("What is a loss landscape?")
    st.markdown(LANDSCAPE)
    with st.container(key="start"):
        st.page_link(PAGES["Surfaces"], label=":primary[**Start with the first comparison**]")
with figure:
    _figure()
text, figure = st.columns(TEXT_AND_FIGURE, gap="large", vertical_alignment="center")
with text:
    _heading("What to look for")
    st.markdown(LOOK_FOR)
with figure:
    _pair()
_heading("What each page answers")
_pages()
_heading("Four limits on the learning rate")
limits_on_the_learning_rate()
text, figure = st.columns(TEXT_AND_FIGURE, gap="large", vertical_alignment="center")
with text:
    _heading("The argument in short")
    st.markdown(ARGUMENT.format(steps=len(STEPS_OF_ARGUMENT), tests=len(STEPS) - len(STEPS_OF_ARGUMENT)))
with figure:
    _step()
with st.expander("Formulas and limits"), st.container(key="argument-formulas"):
    st.markdown(DETAILS)
_heading("Your own network")
own_network()
_heading("Papers")
with st.expander(f"{len(PAPERS)} papers"), st.container(key="papers"):
    _papers()
_heading("Glossary")
_glossary()
