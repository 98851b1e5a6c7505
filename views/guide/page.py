"""The page Guide: loss landscapes, first steps, the pages, the argument and its limits, the glossary, the papers."""

import streamlit as st

from normscape.figures.style.notation import plain
from normscape.gallery.stories import STORIES, card
from normscape.views.texts.escape import printable
from normscape.views.texts.glossary import TERMS, THEMES, definition, linked, slug
from normscape.views.texts.papers import PAPERS, cite
from normscape.views.texts.questions import QUESTIONS
from normscape.views.texts.terms.term import Term
from normscape.views.widgets.story_texts import panel_names, result_sentence

TEXT_AND_FIGURE = (1, 1)

SECTIONS = {  # anchors by heading
    "What is a loss landscape?": "loss-landscape",
    "The first minute": "first-minute",
    "What each page answers": "pages",
    "The argument in five steps": "argument",
    "Glossary": "terms",
    "Papers": "papers",
}

FIGURE = "Batch norm or none, on digits"

LANDSCAPE = r"""
The loss of a network depends on all its weights, often thousands of them. To draw it, we start at the trained weights
and move along two random directions: these are the two horizontal axes, and **the height is the loss** (here its
logarithm) at the moved weights. The trained network is in the middle.

In a **flatter** landscape, the gradient changes less from step to step, so gradient descent can take larger steps: it
stays stable at **larger learning rates**. Normalization often flattens the landscape. These pages measure when it does,
and when it does not.
"""

FIRST_MINUTE = r"""
1. **Choose an experiment** under *Start from*, or a network, a data set and normalizations of your own. All other
   settings are under *Advanced*.
2. **Look at the surfaces.** They share one scale and turn together. Switch to *Gradient change*: lower values mean a
   smoother landscape.
3. **Read the verdict above the surfaces.** $\lambda_{\max}$ is the largest curvature in any direction, which a slice
   can miss. Held-out accuracy shows whether the smoother network is also the better one.
4. **Point at a surface.** The point is marked on all charts, with every metric there; click to keep it. *Save PNG*
   and the data files are below the surfaces. *Copy link* copies the URL, which holds every choice.
"""

PAGES = {
    "Surfaces": "views/surface/page.py",
    "Gallery": "views/gallery/page.py",
    "Analysis": "views/analysis/page.py",
    "Along training": "views/smoothness/page.py",
    "Learning rates": "views/stability/page.py",
    "Jobs": "views/jobs/page.py",
}

ARGUMENT = rf"""
1. **A gradient that turns slowly keeps the loss near its tangent** (A1). If $L$ bounds the gradient-change ratio,\
   $f(\theta+\Delta)\le f(\theta)+\langle\nabla f(\theta),\Delta\rangle+\tfrac12L\|\Delta\|^2$.\
   *Where it does not hold*: with ReLU the gradient jumps, and no finite $L$ exists.
2. **So larger steps are safe** (A2, A3). While $\eta<2/L$, the right side is below $f(\theta)$ in\
   $f(\theta-\eta\nabla f)\le f(\theta)+(\tfrac12L\eta^2-\eta)\|\nabla f\|^2$.\
   *Where it does not hold*: the condition is sufficient and local. Training itself can raise $\lambda_{{\max}}$ to
   about $2/\eta$ ({cite("Cohen et al. 2021")}), and weights in front of a normalization adapt their own step
   size.
3. **A weight's gradient carries the layer's input** (A5, A6). It is $E[\delta x]$, $\delta$ the signal that comes back.
   If that changes by $\lambda$ while $x$ stays, the gradient changes by\
   $\|E[\lambda x]\|\le\sqrt{{E[\lambda^2]}}\,\sqrt{{\sum_iE[x_i^2]}}$.\
   From here on, only one layer's weights move.\
   *Where it does not hold*: it is a bound, and can be loose; $\lambda$ changes with $x$, too, and $\delta$ is not
   bounded in general.
4. **Normalizing makes that second moment small** (A7, A8). Center, then divide by the standard deviation:\
   $\sum_iE[(x_i-\mu_i)^2]$ is least at $\mu=E[x]$, and $E[(x_i-\mu_i)^2/\sigma_i^2]=1$.\
   *Where it does not hold*: the bound falls, and the curvature need not. One weight with logistic loss is enough:
   centering takes its second moment from 40 to 36, and its curvature from $8\cdot10^{{-8}}$ to 0.90.
5. **Hence normalization is said to lower $L$ and to allow larger learning rates** ({cite("Santurkar et al. 2018")};
   {cite("Bjorck et al. 2018")}).\
   *Where it does not hold*: in deep plain ReLU networks with batch norm, gradients grow by about 1.21 from layer to
   layer at initialization ({cite("Yang et al. 2019")}). Larger weights in front of a normalization lower $L$ too; so
   does multiplying by zero. Therefore a scale-free number and the held-out loss stand beside every $L$.
"""


def _pages() -> None:
    for title, path in PAGES.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(path, label=f":primary[**{title}**]", width=140)
            st.markdown(QUESTIONS[title], width="content")


def _glossary() -> None:
    help_text = "Part of a term or of its definition; Greek letters by their names, too."
    query = st.text_input("Find a term", type="search", live=True, help=help_text, width=420).strip()
    names = {name for name, term in TERMS.items() if query.casefold() in _searchable(name, term)}
    if not names:
        st.caption(f"No term matches '{printable(query)}'.")
        return
    st.caption(
        f"{len(names)} of {len(TERMS)} terms. Numbers such as D5 are those of the definitions in the source repository "
        "(docs/science.md); A1 to A15 are the claims that the page Analysis measures in twelve steps."
    )
    for theme, terms in THEMES.items():
        _theme(theme, [name for name in terms if name in names])


def _theme(theme: str, names: list[str]) -> None:
    """Show the terms of a theme in as many columns as fit (`style.css`)."""
    if not names:
        return
    with st.container(key=f"theme-{slug(theme)}"):
        st.markdown(f"**{theme}**")
    with st.container(key=f"terms-{slug(theme)}"):
        for name in names:
            with st.container(key=f"term-{slug(name)}", gap=None):
                st.subheader(name, anchor=slug(name))
                st.markdown(linked(definition(name), name))


def _searchable(name: str, term: Term) -> str:
    """Return the text that a search goes through: a term, its slug, and its definition."""
    return f"{plain(name)} {slug(name)} {plain(term.definition)}".casefold()


def _papers() -> None:
    st.markdown("\n".join(f"- {cite(name)}: *{paper.title}*" for name, paper in PAPERS.items()))


def _heading(title: str) -> None:
    st.header(title, anchor=SECTIONS[title])


def _contents() -> None:
    with st.container(key="contents"):
        st.markdown(" · ".join(f"[{title}](#{name})" for title, name in SECTIONS.items()))


def _landscape() -> None:
    """Show what a loss landscape is, beside the picture of two, and the way to the first comparison."""
    text, figure = st.columns(TEXT_AND_FIGURE, gap="large", vertical_alignment="center")
    with text:
        _heading("What is a loss landscape?")
        st.markdown(LANDSCAPE)
        with st.container(key="start"):
            st.page_link(PAGES["Surfaces"], label=":primary[**Start with the first comparison**]")
    with figure, st.container(key="guide-figure"):
        story = STORIES[FIGURE]
        st.image(card(FIGURE), alt=f"Surfaces of {', '.join(story.experiment.variants())}", width="stretch")
        st.markdown(panel_names(story.experiment))
        st.caption(f"The same network trained on handwritten digits, twice. {result_sentence(FIGURE, story)}.")


st.title(QUESTIONS["Guide"], anchor=False)
_contents()
_landscape()
steps, pages = st.columns(TEXT_AND_FIGURE, gap="large")
with steps:
    _heading("The first minute")
    st.markdown(FIRST_MINUTE)
with pages:
    _heading("What each page answers")
    _pages()
_heading("The argument in five steps")
with st.container(key="five-lines"):
    st.markdown(linked(ARGUMENT))
_heading("Glossary")
_glossary()
_heading("Papers")
with st.container(key="papers"):
    _papers()
