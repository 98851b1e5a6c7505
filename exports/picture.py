"""Compared surfaces as one picture to share: drawn by the browser, set here with all that a reader must know."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from normscape.exports.canvas import Bar, Block, Picture, Sheet, drawn, moved, paragraph, stacked
from normscape.exports.metadata import carried_by, reopened
from normscape.exports.number_table import facts_table
from normscape.exports.typography import Type, width_of, wrapped
from normscape.figures.style.palette import SURFACE_COLOURS
from normscape.figures.style.scales import Range, metric_of, shared_range
from normscape.figures.style.template import Ink, ink
from normscape.figures.surface.notes import missing_note, nothing_to_draw

if TYPE_CHECKING:
    from normscape.landscape import Surface
    from normscape.specs import Display, Experiment

__all__ = ["arranged", "poster", "reopened"]

MOST_SURFACES = 8
NARROWEST, WIDEST = 1200, 4096
MOST_PIXELS = 2**23
"""Of a picture that a browser sends: as many as a whole screen of 4K has, so that eight take a quarter of a GiB."""

UNITS = 1920
"""The width of a poster in the units that everything here is measured in; a slide of 13.3 inches has as many pixels,
so 20 units are 10 points on it."""

MARGIN = 72
ROOM = UNITS - 2 * MARGIN
A_ROW = 4
GAP = 24
TALLEST = 620  # so that one surface does not fill a slide alone
BAR_WIDTH, BAR_HEIGHT = 760, 14
NO_PICTURE = "No picture."


class _Dress(NamedTuple):
    """What all parts of a poster share."""

    ink: Ink
    colours: Mapping[str, str]

    def label(self, label: str) -> Type:
        """Return how the name of a network looks."""
        return Type(30, self.colours.get(label) or self.ink.text, bold=True)


def poster(
    pictures: Mapping[str, bytes],
    surfaces: Mapping[str, Surface],
    experiment: Experiment,
    display: Display,
    *,
    facts: Mapping[str, Mapping[str, str]],
    colours: Mapping[str, str],
    caption: str,
    dark: bool,
    width: int = UNITS,
) -> bytes:
    """Set surfaces side by side on one picture, a PNG file that carries its experiment (`reopened`).

    Equal input gives equal bytes. Everything grows with the width; the height follows from the content.

    Args:
        pictures: the surfaces as PNG files, by label: transparent, all drawn alike, without title or colour bar.
        surfaces: what they show, in the order of the poster; one without a picture has a sentence in its room.
        experiment: what was asked.
        display: the metric, its scale and the camera that the pictures show.
        facts: key numbers by label and then by name; none where there is nothing to say.
        colours: the colour of each label.
        caption: how it was measured, in a line for the foot.
        dark: whether the ground is dark.
        width: pixels, 1200 to 4096; by default that of a slide.

    Raises:
        ValueError: the width is out of range, there are no or too many surfaces, or a picture belongs to none of them
            or cannot be read.
    """
    if not NARROWEST <= width <= WIDEST:
        raise ValueError(f"width is {width}; a poster can be {NARROWEST} to {WIDEST} pixels wide")
    sheet = arranged(pictures, surfaces, display, facts=facts, colours=colours, caption=caption, dark=dark)
    image = drawn(sheet, UNITS, width / UNITS, "#0f1420" if dark else "#ffffff")
    carried = carried_by(experiment, display, title=f"Normscape: {_title(display)}", description=caption)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=carried)
    return buffer.getvalue()


def arranged(
    pictures: Mapping[str, bytes],
    surfaces: Mapping[str, Surface],
    display: Display,
    *,
    facts: Mapping[str, Mapping[str, str]],
    colours: Mapping[str, str],
    caption: str,
    dark: bool,
) -> Sheet:
    """Return everything at its place, `UNITS` wide; the arguments, and what is raised, are those of `poster`."""
    if not 1 <= len(surfaces) <= MOST_SURFACES:
        raise ValueError(f"a poster shows 1 to {MOST_SURFACES} surfaces, not {len(surfaces)}")
    if foreign := [label for label in pictures if label not in surfaces]:
        raise ValueError(f"there are pictures of {', '.join(foreign)}, which are not among the surfaces")
    dress = _Dress(ink(dark), colours)
    span = shared_range(surfaces, display.shown, display.scale)
    rooms = _rooms(pictures, surfaces, display.shown, dress)
    bar = _bar(display.shown, span, dress.ink) if span is not None else Sheet(0, ())
    said = _sentences(_notes(surfaces, display.shown, span), Type(21, dress.ink.faint))
    table = facts_table(facts, {label: dress.label(label).colour for label in facts}, dress.ink, ROOM)
    content = stacked([_head(display, dress.ink), rooms, bar, said, table, _foot(caption, dress.ink)], gap=40)
    return moved(content, MARGIN, 56)._replace(height=content.height + 56 + 48)


def _title(display: Display) -> str:
    return f"{metric_of(display.shown).title} around the trained weights"


def _head(display: Display, ink: Ink) -> Sheet:
    """Return the title, and the project's name at the end of its line."""
    name, title = Type(28, ink.faint, bold=True), Type(52, ink.text, bold=True)
    lines = wrapped(_title(display), title, ROOM - width_of("Normscape", name) - 48)
    words = paragraph(lines, title, 0, ROOM)
    mark = moved(paragraph(["Normscape"], name, 0, ROOM, align=1), 0, 0.98 * (title.size - name.size))
    return words._replace(marks=words.marks + mark.marks)


def _rooms(pictures: Mapping[str, bytes], surfaces: Mapping[str, Surface], metric: str, dress: _Dress) -> Sheet:
    """Return all surfaces in rows of equal length, each in a room of one size, below its label."""
    images = {label: _opened(label, content) for label, content in pictures.items()}
    labels = list(surfaces)
    columns = -(-len(labels) // -(-len(labels) // A_ROW))
    across = (ROOM - GAP * (columns - 1)) / columns
    up = min(TALLEST, across * max((image.height / image.width for image in images.values()), default=0.7))
    found = {
        label: _fitted(images[label], across, up)
        if label in images
        else _instead(nothing_to_draw(surface, metric) or NO_PICTURE, dress.ink, across, up)
        for label, surface in surfaces.items()
    }
    rows = [labels[start : start + columns] for start in range(0, len(labels), columns)]
    return stacked([_row({label: found[label] for label in row}, dress, across) for row in rows], gap=GAP)


def _row(rooms: Mapping[str, Sheet], dress: _Dress, across: float) -> Sheet:
    """Return rooms side by side, in the middle, with their labels above them on the same line."""
    heads = [
        paragraph(wrapped(label, dress.label(label), across), dress.label(label), 0, across, 0.5) for label in rooms
    ]
    head = max(sheet.height for sheet in heads)
    start = (ROOM - len(rooms) * across - (len(rooms) - 1) * GAP) / 2
    columns = [
        moved(stacked([above._replace(height=head), room], gap=4), start + place * (across + GAP), 0)
        for place, (above, room) in enumerate(zip(heads, rooms.values(), strict=True))
    ]
    return Sheet(columns[0].height, tuple(mark for column in columns for mark in column.marks))


def _fitted(image: Image.Image, across: float, up: float) -> Sheet:
    """Return a picture as large as its room lets it be, in the middle."""
    scale = min(across / image.width, up / image.height)
    width, height = image.width * scale, image.height * scale
    return Sheet(up, (Picture((across - width) / 2, (up - height) / 2, width, height, image),))


def _instead(sentence: str, ink: Ink, across: float, up: float) -> Sheet:
    """Return a sentence in the middle of a room."""
    type = Type(24, ink.faint)
    words = paragraph(wrapped(sentence, type, 0.8 * across), type, 0, across, align=0.5)
    return moved(words, 0, (up - words.height) / 2)._replace(height=up)


def _opened(label: str, content: bytes) -> Image.Image:
    """Return a picture with its pixels; it comes from a browser, so it may be anything."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.width * image.height <= MOST_PIXELS:
                return image.convert("RGBA")
            reason = f"it has {image.width} x {image.height} pixels, more than {MOST_PIXELS}"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error)
    raise ValueError(f"the picture of {label} cannot be read as PNG: {reason}")


def _bar(metric: str, span: Range, ink: Ink) -> Sheet:
    """Return the one colour bar of all surfaces: what it shows above it, its marks below."""
    left, type = (ROOM - BAR_WIDTH) / 2, Type(22, ink.text)
    title = paragraph(wrapped(f"{metric_of(metric).title} ({span.unit})", type, ROOM), type, 0, ROOM, align=0.5)
    low, high = span.ends
    places = [left + BAR_WIDTH * (float(value) - low) / (high - low) for value in span.marks["tickvals"]]
    ticks = tuple(Block(place - 0.75, BAR_HEIGHT, 1.5, 6, ink.faint) for place in places)
    bar = Sheet(BAR_HEIGHT + 6, (Bar(left, 0, BAR_WIDTH, BAR_HEIGHT, SURFACE_COLOURS), *ticks))
    return stacked([title, Sheet(6, ()), bar, _numbers(places, list(map(str, span.marks["ticktext"])), ink)])


def _numbers(places: Sequence[float], texts: Sequence[str], ink: Ink) -> Sheet:
    type = Type(20, ink.text)
    lines = [paragraph([text], type, place, 0, align=0.5) for place, text in zip(places, texts, strict=True)]
    return Sheet(type.line, tuple(mark for line in lines for mark in line.marks))


def _notes(surfaces: Mapping[str, Surface], metric: str, span: Range | None) -> list[str]:
    """Return what the poster owes its reader; a surface that is not drawn says it in its room."""
    shown = {label: surface for label, surface in surfaces.items() if nothing_to_draw(surface, metric) is None}
    missing = [f"{label}: {note}" for label, surface in shown.items() if (note := missing_note(surface))]
    return missing + ([span.note] if span is not None and span.note else [])


def _sentences(sentences: Sequence[str], type: Type) -> Sheet:
    return paragraph([line for sentence in sentences for line in wrapped(sentence, type, ROOM)], type, 0, ROOM)


def _foot(caption: str, ink: Ink) -> Sheet:
    return _sentences([caption], Type(19, ink.faint))
