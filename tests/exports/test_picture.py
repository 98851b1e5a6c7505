from __future__ import annotations

import io
import itertools
import json
import random
import re
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from normscape.exports import metadata
from normscape.exports.canvas import ColorBar, ImageBox, TextLine
from normscape.exports.captions import caption
from normscape.exports.metadata import KEY, MAX_BYTES, MAX_CHUNKS, MAX_TEXT_BYTES, read_experiment
from normscape.exports.picture import CANVAS_WIDTH, SHAPES, layout, picture_png
from normscape.exports.typography import (
    BOLD,
    FALLBACK,
    FROM_FALLBACK,
    REGULAR,
    TextStyle,
    _font,
    draw_text,
    text_width,
    wrap,
)
from normscape.figures.comparison import Comparison
from normscape.figures.style import notation
from normscape.figures.style.palette import PALETTES, SURFACE_COLORSCALE, THEMES, colors
from normscape.figures.style.scales import METRICS
from normscape.landscape import Plane, Surface
from normscape.specs import (
    DataSpec,
    Display,
    Experiment,
    ModelSpec,
    RunSpec,
    TrainingSpec,
    canonical_bytes,
)
from normscape.views.surface.key_numbers import SURFACE_NUMBERS
from tests.flat import surface_spec

NORMS = tuple(PALETTES["light"].norms)[:8]

EXPERIMENTS = [
    (Experiment(), Display()),
    (
        Experiment(values=NORMS),
        Display("accuracy", camera=(0.1, -1 / 3, 2e-9, 0.0, 0.25, -1.5)),
    ),
    (
        Experiment(
            RunSpec(DataSpec("moons", size=60), ModelSpec(width=4), TrainingSpec(steps=3)),
            surface_spec(points_alpha=5, points_beta=3),
            "run.training.learning_rate",
            (0.1, 1e-05, 1 / 3),
        ),
        Display("layer-ratio", layer="Größe λ", scale="log", point=(-0.1, 0.7)),
    ),
    (Experiment(RunSpec(DataSpec("<\u2028\\\"' \U0001f600")), compare="run.training.seed", values=(7,)), Display()),
]
SIZE = (90, 70)
LABELS = tuple(Experiment(values=NORMS).variants())


def made(loss=((4.0, 1.0), (2.0, 3.0))) -> Surface:
    values = np.array(loss, dtype=float)
    shown = np.where(np.isfinite(values), values, np.nan)
    axes = (np.linspace(-1, 1, count) for count in values.shape[::-1])
    alpha, beta = axes
    return Surface(
        spec=surface_spec(points_alpha=len(alpha), points_beta=len(beta)),
        plane=Plane(np.ones(3), np.array([1.0, 0, 0]), np.array([0, 2.0, 0])),
        **{"alpha": alpha, "beta": beta, "loss": shown, "accuracy": np.exp(-shown), "gradient_norm": 3 * shown},
        **{"gradient_change_ratio": 5 * shown, "layer_ratio": np.stack([2 * shown]), "in_plane_ratio": 7 * shown},
        **{"across": shown[:, 1:], "along": shown[1:], "step": np.hypot(*np.meshgrid(alpha, beta))},
        **{"evaluated": np.ones(values.shape, dtype=bool), "non_finite": ~np.isfinite(values), "layers": ("first",)},
    )


def plain(color=(200, 30, 90, 255), size=SIZE) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", size, color).save(buffer, "PNG")
    return buffer.getvalue()


def composed(labels=LABELS[:2], pictures=None, experiment=None, display=None, **options) -> bytes:
    display = display or Display()
    comparison, given = comparison_of(labels, display, options)
    pictures = dict.fromkeys(labels, plain()) if pictures is None else pictures
    return picture_png(pictures, comparison, (experiment or Experiment(), display), **given)


def options_of(labels) -> dict:
    return {
        "surfaces": {label: made() for label in labels},
        "facts": {label: {"Held-out accuracy": "93.1 %", r"$\lambda_{\max}$": "12.7"} for label in labels},
        "colors": dict(zip(labels, PALETTES["light"].norms.values(), strict=False)),
        "caption": "digits, 5 x 3 points",
        "theme": "light",
    }


def comparison_of(labels, display, options) -> tuple[Comparison, dict]:
    """The comparison, and what else a picture takes."""
    given = options_of(labels) | options
    shared = {name: given.pop(name) for name in ("colors", "theme")}
    return Comparison(given.pop("surfaces"), display.shown, display.scale, **shared), given


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "RGB"
        return np.array(image)


def rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def of_color(image: np.ndarray, color: tuple[int, ...]) -> np.ndarray:
    return (image == np.array(color)).all(axis=-1)


def extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is true; the last two are beyond it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


# content


@pytest.mark.parametrize(("theme", "background"), [("light", "#ffffff"), ("dark", "#0f1420")])
def test_the_background_reaches_every_edge_and_text_has_the_colors_of_the_theme(theme, background):
    image = pixels(composed(theme=theme))
    edges = [image[0], image[-1], image[:, 0], image[:, -1]]
    assert all(of_color(edge, rgb(background)).all() for edge in edges)
    words = THEMES[theme]
    assert of_color(image, rgb(words.text)).sum() > 1000
    assert of_color(image, rgb(words.faint)).sum() > 100


def test_pictures_are_undistorted_in_their_cells_with_their_own_colors():
    shades = [(200, 30, 90), (10, 220, 240), (250, 200, 0)]
    labels = LABELS[:3]
    image = pixels(composed(labels, {label: plain((*s, 255)) for label, s in zip(labels, shades, strict=True)}))
    boxes = [extent(of_color(image, shade)) for shade in shades]
    for left, top, right, bottom in boxes:
        assert (right - left) / (bottom - top) == pytest.approx(SIZE[0] / SIZE[1], rel=0.005)
    for left, top, right, bottom in boxes:
        assert of_color(image[top:bottom, left:right], tuple(image[top, left])).all()
    assert {(top, bottom, right - left) for left, top, right, bottom in boxes} == {
        (boxes[0][1], boxes[0][3], boxes[0][2] - boxes[0][0])
    }
    assert boxes[0][2] <= boxes[1][0] < boxes[1][2] <= boxes[2][0]
    assert boxes[0][0] == pytest.approx(CANVAS_WIDTH - boxes[2][2], abs=1)


def test_what_is_transparent_shows_the_background_and_half_of_it_half():
    faint = pixels(composed(LABELS[:1], {LABELS[0]: plain((200, 30, 90, 51))}))
    assert of_color(faint, (244, 210, 222)).sum() > 10_000  # 0.2 of the color on white
    nothing = pixels(composed(LABELS[:1], {LABELS[0]: plain((200, 30, 90, 0))}))
    assert not of_color(nothing, (200, 30, 90)).any()


def test_a_picture_of_another_shape_keeps_it():
    tall, flat = (30, 120), (200, 40)
    pictures = {LABELS[0]: plain((1, 2, 250, 255), tall), LABELS[1]: plain((250, 2, 1, 255), flat)}
    image = pixels(composed(pictures=pictures))
    for color, (width, height) in (((1, 2, 250), tall), ((250, 2, 1), flat)):
        left, top, right, bottom = extent(of_color(image, color))
        assert (right - left) / (bottom - top) == pytest.approx(width / height, rel=0.01)


def test_the_color_bar_runs_from_one_end_of_the_map_to_the_other():
    canvas = canvas_of(LABELS[:2])
    (bar,) = (mark for mark in canvas.elements if isinstance(mark, ColorBar))
    strip = pixels(composed())[round(bar.top + bar.height / 2), round(bar.left) : round(bar.left + bar.width)]
    assert SURFACE_COLORSCALE == "Viridis"
    assert tuple(strip[0]) == (0x44, 0x01, 0x54)
    assert tuple(strip[-1]) == (0xFD, 0xE7, 0x25)
    assert np.abs(strip[len(strip) // 2].astype(int) - (33, 145, 140)).max() <= 3  # Viridis at one half
    lightness = strip.astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -1).all()


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_ticks_of_the_color_bar_are_at_their_values(scale):
    canvas = canvas_of(LABELS[:2], Display(scale=scale))  # from 1 to 4; colors are logarithmic on both scales
    (bar,) = (mark for mark in canvas.elements if isinstance(mark, ColorBar))
    (mark,) = (mark for mark in text_lines(canvas) if mark.text == "2")
    left, _, right, _ = mark.box
    assert (left + right) / 2 == pytest.approx(bar.left + bar.width / 2, abs=0.01)


def test_a_picture_has_title_unit_notes_labels_and_caption():
    surfaces = {LABELS[0]: made(((1.0, np.inf), (1e-9, 2.0))), LABELS[1]: made()}
    said = " ".join(
        mark.text for mark in text_lines(canvas_of(LABELS[:2], Display(scale="log"), surfaces=surfaces, facts={}))
    )
    for sentence in (
        "Loss around the given weights",
        "Normscape",
        "Loss · mean cross-entropy, nats",
        f"{LABELS[0]}: 1 of 4 points are not finite.",
        "Values below 4·10⁻⁶ are drawn at that height.",
        "digits, 5 x 3 points",
        *LABELS[:2],
    ):
        assert sentence in said


def test_a_network_without_a_surface_has_a_sentence_in_its_cell():
    labels = LABELS[:3]
    surfaces = {labels[0]: made(), labels[1]: made(np.full((2, 2), np.nan)), labels[2]: made()}
    canvas = canvas_of(labels, surfaces=surfaces, pictures={labels[0]: plain()})
    said = [mark.text for mark in text_lines(canvas)]
    assert "No finite value: 4 of 4 points are not finite." in " ".join(said)
    assert " ".join(said).count("4 of 4 points") == 1
    assert said.count("No picture.") == 1
    assert set(labels) <= set(said)


def test_nothing_finite_anywhere_is_a_picture_too():
    surfaces = {label: made(np.full((2, 2), np.nan)) for label in LABELS[:2]}
    canvas = canvas_of(LABELS[:2], surfaces=surfaces, pictures={})
    assert not [mark for mark in canvas.elements if isinstance(mark, ColorBar | ImageBox)]
    assert composed(surfaces=surfaces, pictures={})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_label_has_its_color(theme):
    image = pixels(composed(LABELS, theme=theme))
    for color in list(PALETTES["light"].norms.values())[:8]:
        assert of_color(image, rgb(color)).sum() > 50


def test_a_network_without_facts_has_a_row_in_the_table():
    facts = {LABELS[0]: {r"$\lambda_{\max}$": "3"}, LABELS[1]: {"Parameters": "12"}, "diverged one": {}}
    said = [mark.text for mark in text_lines(canvas_of(LABELS[:2], facts=facts))]
    assert said.count("n/a") == 4
    assert "diverged one" in said


# layout


def text_lines(canvas):
    return [mark for mark in canvas.elements if isinstance(mark, TextLine)]


def canvas_of(labels, display=None, pictures=None, **options):
    comparison, given = comparison_of(labels, display or Display(), options)
    return layout(dict.fromkeys(labels, plain()) if pictures is None else pictures, comparison, **given)


def box(mark) -> tuple[float, float, float, float]:
    return (
        mark.box
        if isinstance(mark, TextLine)
        else (mark.left, mark.top, mark.left + mark.width, mark.top + mark.height)
    )


def overlap(one, other) -> bool:
    return all(max(one[k], other[k]) < min(one[k + 2], other[k + 2]) - 1e-6 for k in (0, 1))


LONG = {
    "weights ab12cd34 of a network that somebody published under a very long name": {
        "In-plane ratio up to (scale-free)": "needs directions that are filter-normalized and not orthogonalized",
        **dict.fromkeys(SURFACE_NUMBERS, "14.2 (1680 pairs, steps from 0.0501)"),
    },
    "averyveryveryverylongname_that_goes_on_and_on_without_any_space_at_all": {r"$\lambda_{\max}$": "1"},
}


@pytest.mark.parametrize("height", [None, *(CANVAS_WIDTH * share for share in SHAPES.values())])
@pytest.mark.parametrize("facts", [None, LONG, {}])
@pytest.mark.parametrize("count", range(1, 9))
def test_nothing_overlaps_text_or_crosses_the_margins(count, facts, height):
    labels = (list(LONG) + list(LABELS))[:count] if facts is LONG else list(LABELS[:count])
    options = {} if facts is None else {"facts": facts, "colors": {}}
    canvas = canvas_of(
        labels, Display("local-ratio", scale="log"), caption=caption(Experiment()) * 3, height=height, **options
    )
    assert height in (None, canvas.height)
    marks = [mark for mark in canvas.elements if isinstance(mark, TextLine | ImageBox | ColorBar)]
    for one, other in itertools.combinations(map(box, marks), 2):
        assert not overlap(one, other)
    for left, top, right, bottom in map(box, canvas.elements):
        assert 72 - 1e-6 <= left < right <= CANVAS_WIDTH - 72 + 1e-6
        assert 40 <= top < bottom <= canvas.height - 40
    pictures = [mark for mark in marks if isinstance(mark, ImageBox)]
    assert len(pictures) == count
    assert max(sum(other.top == one.top for other in pictures) for one in pictures) <= 4


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize(("shape", "size"), [("16:9", (1920, 1080)), ("square", (1920, 1920))])
def test_a_picture_has_the_chosen_shape_exactly_and_fills_it(count, shape, size):
    image = Image.open(io.BytesIO(composed(LABELS[:count], shape=shape)))
    assert image.size == size
    drawn = np.argwhere((np.asarray(image.convert("RGB")) != np.asarray(image.convert("RGB"))[0, 0]).any(axis=2))
    top, bottom = drawn[:, 0].min(), drawn[:, 0].max()
    assert top == pytest.approx(size[1] - bottom, abs=30)  # what remains is shared between top and bottom
    assert bottom - top > 0.6 * size[1]


def test_surfaces_take_most_of_the_height_of_a_slide():
    pictures = dict.fromkeys(LABELS[:2], plain(size=(640, 460)))
    facts = {label: dict.fromkeys(("one", "two"), "1") for label in LABELS[:2]}
    canvas = canvas_of(LABELS[:2], pictures=pictures, facts=facts, summary="a\nb", height=CANVAS_WIDTH * 9 / 16)
    drawn = [mark for mark in canvas.elements if isinstance(mark, ImageBox)]
    assert all(mark.height > 0.45 * canvas.height for mark in drawn)


def test_a_square_picture_of_two_surfaces_has_one_below_the_other():
    pictures = dict.fromkeys(LABELS[:2], plain(size=(640, 380)))
    canvas = canvas_of(LABELS[:2], pictures=pictures, height=float(CANVAS_WIDTH))
    one, other = (mark for mark in canvas.elements if isinstance(mark, ImageBox))
    assert one.left == other.left
    assert one.top + one.height < other.top


def test_key_numbers_go_where_the_surfaces_would_be_too_small():
    facts = {label: dict.fromkeys((f"number {k}" for k in range(60)), "1.23") for label in LABELS[:8]}
    lines = [line.text for line in text_lines(canvas_of(LABELS[:8], facts=facts, height=CANVAS_WIDTH * 9 / 16))]
    assert not any("number" in line for line in lines)
    assert any("number" in line.text for line in text_lines(canvas_of(LABELS[:8], facts=facts)))


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="it must be one of 16:9, square"):
        composed(shape="round")


@pytest.mark.parametrize(
    "text",
    [
        "two words",
        "a" * 300,
        "",
        "  spaced   out  ",
        r"$\|\nabla f(\theta+\Delta) - \nabla f(\theta)\| / \|\Delta\|$ " * 9,
        "costs 5 $ or $x$ and $$",
    ],
)
@pytest.mark.parametrize("width", [60, 333.3])
def test_lines_fit_the_width_and_lose_no_letter(text, width):
    style = TextStyle(20, "#000000")
    lines = wrap(text, style, width)
    assert "".join(notation.plain(" ".join(lines)).split()) == "".join(notation.plain(text).split())
    assert all(text_width(line, style) <= width for line in lines)


def test_everything_grows_with_the_width():
    small, large = (pixels(composed(width=width)) for width in (1200, 2400))
    assert small.shape[1] == 1200
    assert large.shape[1] == 2400
    assert large.shape[0] == pytest.approx(2 * small.shape[0], abs=2)
    for color in ((200, 30, 90), rgb(PALETTES["light"].norms["none"]), rgb(PALETTES["light"].norms["batch"])):
        for one, other in zip(extent(of_color(small, color)), extent(of_color(large, color)), strict=True):
            assert other == pytest.approx(2 * one, abs=3)
    darkness = [(255.0 - image).mean() for image in (small, large)]
    assert darkness[0] == pytest.approx(darkness[1], rel=0.01)


@pytest.mark.parametrize("width", [1199, 4097, 0, -5])
def test_a_width_out_of_range_is_refused(width):
    with pytest.raises(ValueError, match=f"width is {width}; .* 1200 to 4096"):
        composed(width=width)


def test_misuse_is_refused_in_words():
    with pytest.raises(ValueError, match="1 to 8 surfaces, not 0"):
        composed(())
    with pytest.raises(ValueError, match="1 to 8 surfaces, not 9"):
        composed(tuple("abcdefghi"))
    with pytest.raises(ValueError, match="pictures of x, which"):
        composed(pictures={"x": plain()})


def header(width: int, height: int) -> bytes:
    start = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", start)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def as_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"no picture",
        as_jpeg(),
        plain()[:60],
        plain()[:-80],
        header(100_000, 100_000),
        header(8000, 8000),
        header(9, 9),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_cannot_be_read_is_refused_in_words(broken):
    with pytest.raises(ValueError, match=f"the picture of {LABELS[1]} cannot be read as PNG"):
        composed(pictures={LABELS[0]: plain(), LABELS[1]: broken})


def test_every_character_has_a_glyph():
    unit_marks = "·⁻⁰¹²³⁴⁵⁶⁷⁸⁹…–’‖≥≤∞×√"
    texts = [*(metric.title + metric.unit for metric in METRICS.values()), *SURFACE_NUMBERS]
    words = [*map(notation.plain, texts), *LABELS, *"αβθληΔμσε"]
    letters = set("".join([*words, unit_marks, *map(chr, range(33, 127))])) - {" "}
    assert letters & FROM_FALLBACK
    for name in (REGULAR, BOLD):
        assert not {letter for letter in letters - FROM_FALLBACK if is_missing(name, letter)}
    assert not {letter for letter in FROM_FALLBACK if is_missing(FALLBACK, letter)}
    assert {letter for letter in FROM_FALLBACK if is_missing(REGULAR, letter)} == FROM_FALLBACK  # none is needless


def test_a_subscript_is_smaller_and_stands_below_its_line():
    style, baseline = TextStyle(60, "#000000"), 80

    def lowest(text):
        image = Image.new("L", (400, 120), 255)
        draw_text(image, 10, baseline, text, style)
        return int(np.flatnonzero((np.asarray(image) < 128).any(axis=1)).max())

    assert lowest("λ") <= baseline < lowest(r"$\lambda_{\max}$") < baseline + 0.3 * style.size
    whole, letter, below = (text_width(text, style) for text in (r"$\lambda_{\max}$", "λ", "max"))
    assert letter + 0.6 * below < whole < letter + 0.8 * below


def is_missing(name: str, letter: str) -> bool:
    font = _font(name, 64)
    absent = font.getmask("\U0010fffe")
    return (found := font.getmask(letter)).size == absent.size and bytes(found) == bytes(absent)


# what it carries


@pytest.mark.parametrize(("experiment", "display"), EXPERIMENTS)
def test_the_experiment_comes_back_exactly(experiment, display):
    labels = tuple(experiment.variants())
    content = composed(labels, experiment=experiment, display=display, colors=colors(experiment, "light"))
    found = read_experiment(content)
    assert found == (experiment, display)
    assert [canonical_bytes(spec) for spec in found] == [canonical_bytes(spec) for spec in (experiment, display)]


def test_any_program_reads_what_the_picture_is():
    with Image.open(io.BytesIO(composed(caption="steps in ‖θ‖, naïve"))) as image:
        texts = image.text
    assert texts["Title"] == "Normscape: Loss around the given weights"
    assert texts["Software"] == "Normscape"
    assert texts["Description"] == "steps in ‖θ‖, naïve"
    document = json.loads(texts[KEY])
    assert document["schema"] == 1
    assert document["experiment"] == json.loads(canonical_bytes(Experiment()))


def test_equal_input_gives_equal_bytes():
    assert composed() == composed()
    assert composed() != composed(display=Display(point=(0.0, 0.5)))


@pytest.fixture(scope="module")
def small() -> bytes:
    """A picture of a few hundred bytes that carries what a picture carries."""
    with Image.open(io.BytesIO(composed(experiment=EXPERIMENTS[2][0], display=EXPERIMENTS[2][1]))) as image:
        info = PngImagePlugin.PngInfo()
        info.add_itxt(KEY, image.text[KEY])
    return saved(info)


def saved(info: PngImagePlugin.PngInfo) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def carrying(document: object, kind: bytes = b"tEXt") -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return header(4, 4) + chunk(kind, f"{KEY}\0".encode() + text) + chunk(b"IEND", b"")


def answer(content: bytes) -> object:
    """What was read, or what is said about it."""
    try:
        return read_experiment(content)
    except ValueError as error:
        return str(error)


def is_sentence(found: object) -> bool:
    return isinstance(found, str) and re.fullmatch(r"(This|The experiment in this) .+\.", found) is not None


def is_spec_or_sentence(found: object) -> bool:
    return is_sentence(found) or [type(spec) for spec in found] == [Experiment, Display]


def assert_refused_or_exact(content: bytes) -> None:
    found = answer(content)
    assert found == EXPERIMENTS[2] or is_sentence(found)


def test_a_file_that_was_cut_anywhere_is_refused_or_exact(small):
    for length in range(len(small)):
        assert_refused_or_exact(small[:length])


def test_a_file_with_any_bit_flipped_is_refused_or_exact(small):
    for place in range(len(small)):
        for bit in range(8):
            broken = bytearray(small)
            broken[place] ^= 1 << bit
            assert_refused_or_exact(bytes(broken))


def test_a_file_with_bytes_put_in_or_taken_out_is_refused_or_exact(small):
    draw = random.Random(0)
    for _ in range(3000):
        start, length = draw.randrange(len(small)), draw.randrange(40)
        assert_refused_or_exact(small[:start] + draw.randbytes(draw.randrange(40)) + small[start + length :])


def test_what_is_in_the_text_can_be_anything():
    """Checksums that are right again, so that it is the specs that refuse."""
    text = canonical_document()
    draw = random.Random(1)
    for _ in range(3000):
        changed = bytearray(text)
        for _ in range(draw.randint(1, 4)):
            start = draw.randrange(len(changed))
            changed[start : start + draw.randrange(3)] = draw.choice(
                [b"", b"[", b"{", b"9" * 400, b"null", b'"', b"-", b"1e999"]
            )
        assert is_spec_or_sentence(answer(carrying(bytes(changed))))


def canonical_document() -> bytes:
    specs = {"experiment": EXPERIMENTS[2][0], "display": EXPERIMENTS[2][1]}
    return json.dumps(
        {"schema": 1} | {name: json.loads(canonical_bytes(spec)) for name, spec in specs.items()}
    ).encode()


def changed(path: str, value: object) -> dict:
    document = json.loads(canonical_document())
    *owners, last = path.split(".")
    owner = document
    for name in owners:
        owner = owner[name]
    owner[last] = value
    return document


@pytest.mark.parametrize(
    "junk", [None, True, -1, 10**400, 1.5, "x", [], [[1]], {}, {"spec": "Display"}, [{}], [None] * 9]
)
def test_any_field_can_hold_anything(junk):
    document = json.loads(canonical_document())
    for path in leaves(document):
        assert is_spec_or_sentence(answer(carrying(changed(path, junk))))


def leaves(document: dict, prefix: str = "") -> list[str]:
    found = []
    for name, value in document.items():
        found.append(f"{prefix}{name}")
        found += leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else []
    return found


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (changed("schema", 2), "newer version"),
        (changed("schema", "1"), "damaged"),
        (changed("schema", True), "damaged"),
        (changed("schema", 0), "damaged"),
        (changed("more", 1), "damaged"),
        ([], "damaged"),
        (1, "damaged"),
        (b"{", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[" * 200_000, "damaged"),
        (b"9" * 5000, "damaged"),
        (b" " * 2**19 + canonical_document(), "damaged"),
        (changed("experiment", []), "not the canonical form of a Experiment"),
        (changed("experiment", {"spec": "RunSpec"}), "not the canonical form of a Experiment"),
        (changed("experiment.color", "red"), "has no field color"),
        (changed("experiment.compare", "run.model.nothing"), "compare is 'run.model.nothing'"),
        (changed("experiment.values", [0.1] * 9), "9 values are compared"),
        (changed("experiment.run.training.steps", -5), "steps is -5"),
        (changed("experiment.run.training.learning_rate", "x" * 10_000), "takes a number"),
        (changed("display.camera", [0.0] * 6), "the eye must not be at the point"),
        (changed("display.camera", [float("nan")] * 6), "must be finite"),
        (changed("display.metric", "beauty"), "metric is 'beauty'"),
        (changed("display.layer", "\ud800"), "no Unicode character"),
        (changed("experiment.run.data.name", "\ud800"), "no Unicode character"),
        (changed("display.layer", "x" * 100_000), "100,000 letters"),
    ],
)
def test_an_experiment_of_another_shape_is_refused_in_words(document, why):
    said = answer(carrying(document))
    assert is_sentence(said), said
    assert why in said
    assert len(said) < 400


@pytest.mark.parametrize("foreign", [b"", b"\x89PNG", b"<svg>", b"PK\x03\x04", as_jpeg()])
def test_what_is_no_png_is_refused_in_words(foreign):
    with pytest.raises(ValueError, match="This is no PNG picture: choose"):
        read_experiment(foreign)


def test_a_png_of_another_program_is_refused_in_words():
    with pytest.raises(ValueError, match="carries no experiment: it was not saved by Normscape, or a program"):
        read_experiment(plain())
    other = PngImagePlugin.PngInfo()
    other.add_text("normscapes", "{}")
    with pytest.raises(ValueError, match="carries no experiment"):
        read_experiment(saved(other))


def test_a_file_that_is_too_large_is_not_read():
    with pytest.raises(ValueError, match="larger than 64 MB"):
        read_experiment(plain() + bytes(MAX_BYTES))


@pytest.mark.parametrize("kind", [b"abCd", b"tEXt", b"IDAT"])
def test_a_file_of_countless_chunks_is_refused_before_any_is_read(kind, monkeypatch):
    content = header(1, 1) + chunk(kind, b"") * MAX_CHUNKS + chunk(b"IEND", b"")
    with pytest.raises(ValueError, match=r"cannot be read as PNG: it has more than [0-9,]+ chunks"):
        composed(pictures={LABELS[0]: plain(), LABELS[1]: content})
    monkeypatch.setattr(metadata.zlib, "crc32", lambda *_: pytest.fail("a chunk is read"))
    with pytest.raises(ValueError, match="more parts than any picture"):
        read_experiment(content)


def test_a_file_with_as_many_chunks_as_its_size_admits_is_read():
    info = PngImagePlugin.PngInfo()
    for _ in range(MAX_BYTES // 8192):
        info.add(b"abCd", b"")
    info.add_text(KEY, canonical_document().decode())
    assert read_experiment(saved(info)) == EXPERIMENTS[2]


@pytest.mark.parametrize("kind", ["zTXt", "iTXt"])
def test_a_text_that_swells_is_not_swallowed(kind):
    start = b"\0" if kind == "zTXt" else b"\1\0\0\0"
    bomb = carrying(start + zlib.compress(bytes(2**26), 9), kind.encode())
    tracemalloc.start()
    try:
        assert "damaged" in answer(bomb)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 4 * MAX_TEXT_BYTES


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "compressed iTXt"])
def test_other_programs_may_write_the_text_in_their_own_way(kind):
    text = canonical_document()
    info = PngImagePlugin.PngInfo()
    if kind.endswith("iTXt"):
        info.add_itxt(KEY, text.decode(), lang="en", tkey="τ", zip=kind != "iTXt")
    else:
        info.add_text(KEY, text.decode(), zip=kind == "zTXt")
    assert read_experiment(saved(info)) == EXPERIMENTS[2]


def test_a_text_behind_the_pixels_is_found():
    content = plain()
    end = chunk(b"IEND", b"")
    assert content.endswith(end)
    behind = content[: -len(end)] + chunk(b"tEXt", f"{KEY}\0".encode() + canonical_document()) + end
    assert read_experiment(behind) == EXPERIMENTS[2]


@pytest.mark.parametrize("height", [None, CANVAS_WIDTH * SHAPES["16:9"]])
def test_the_summary_is_below_the_title_and_above_the_surfaces(height: float | None) -> None:
    canvas = canvas_of(LABELS[:2], summary=r"Flatter here. $\lambda_{\max}$ 0.17 vs. 0.43", height=height)
    lines = [mark for mark in canvas.elements if isinstance(mark, TextLine)]
    (summary,) = (line for line in lines if "Flatter here." in line.text)
    top = min(mark.top for mark in canvas.elements if isinstance(mark, ImageBox))
    title = max(lines, key=lambda line: line.style.size)
    assert title.box[3] <= summary.box[1] + 1e-6
    assert summary.box[3] <= top
