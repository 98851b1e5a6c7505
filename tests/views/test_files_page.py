"""The page Files: what is opened, drawn, said and refused."""

from __future__ import annotations

import io
from collections.abc import Callable

import h5py
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normscape.exports.formats.hdf5 import hdf5_file
from normscape.exports.reading.hdf5 import read_surface_file
from normscape.gallery.examples import example_files
from normscape.views.files import uploads
from tests.conftest import ROOT
from tests.exports.measured import ABOUT, EXPERIMENT, surfaces

X, Y = np.linspace(-1, 1, 5), np.linspace(-2, 2, 3)
ACROSS, UP = np.meshgrid(X, Y)


def written(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, values in {"xcoordinates": X, "ycoordinates": Y, **arrays}.items():
            file[name] = values
    return buffer.getvalue()


BOWL = written(train_loss=0.5 + ACROSS**2 + UP**2, train_acc=90 - 10 * np.abs(ACROSS))
TILTED = written(train_loss=2 + ACROSS, test_loss=3 + ACROSS)


@pytest.fixture
def page() -> Callable[..., AppTest]:
    def opened(**files: bytes) -> AppTest:
        app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
        app.run()
        app.switch_page("views/files/page.py")
        app.session_state["surface-files"] = {
            name: uploads.opened(read_surface_file(content)) for name, content in files.items()
        }
        return app.run()

    return opened


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def test_without_a_file_the_page_says_what_opens_here(page: Callable[..., AppTest]) -> None:
    app = page()
    assert not app.exception
    assert any("plot_surface.py" in caption.value for caption in app.caption)


def test_the_examples_are_small_and_open_with_one_click(page: Callable[..., AppTest]) -> None:
    assert all(0 < len(content) < 100_000 for content in example_files().values())
    app = page()
    assert {button.label for button in app.get("download_button")} == set(example_files())
    (button,) = [button for button in app.button if button.label == "Open example files"]
    button.click().run()
    assert not app.exception
    assert not app.error
    assert "**example-with-shortcuts, training set**: lowest loss 0.0201, at the center" in texts(app)
    assert "**example-without-shortcuts, training set**: lowest loss 0.251, at the center" in texts(app)
    assert len([button for button in app.button if button.label == "Open its experiment"]) == 2


def test_files_are_drawn_and_summed_up(page: Callable[..., AppTest]) -> None:
    app = page(bowl=BOWL, tilted=TILTED)
    assert not app.exception
    assert "**bowl, training set**: lowest loss 0.500, at the center" in texts(app)
    assert "**tilted, training set**: lowest loss 1.00, at α = −1, β = −2" in texts(app)
    assert "**The lowest loss is 2× lower in bowl, training set.**" in texts(app)
    app.session_state["file-tabs"] = "Numbers"
    (table,) = app.run().table
    assert list(table.value["bowl, training set"])[:3] == ["5 × 3", "−1 to 1", "−2 to 2"]
    assert {button.label for button in app.get("download_button")} >= {"SVG", "PDF", "CSV", "HDF5", "GLB", "STL", "VTS"}


def test_the_accuracy_and_another_set_of_samples_can_be_chosen(page: Callable[..., AppTest]) -> None:
    app = page(bowl=BOWL, tilted=TILTED)
    metric = app.get("button_group")[0]
    metric.set_value("accuracy").run()
    assert not app.exception
    assert "**bowl, training set**: highest accuracy 90.0 %" in texts(app)
    assert "tilted" not in texts(app)
    app.get("button_group")[0].set_value("loss").run()
    app.get("button_group")[2].set_value("test").run()
    assert not app.exception
    assert "**tilted, test set**: lowest loss 2.00" in texts(app)
    assert "**bowl, training set**" in texts(app)


def test_a_file_of_ours_offers_its_experiment(page: Callable[..., AppTest]) -> None:
    app = page(ours=hdf5_file(surfaces()["Batch norm"], label="Batch norm", about=ABOUT))
    (button,) = [button for button in app.button if button.label == "Open its experiment"]
    button.click().run()
    assert not app.exception
    assert app.session_state["experiment"] == EXPERIMENT


def test_labels_are_plain_short_and_different() -> None:
    one = uploads._label("<b>a</b> [x](http:) $y$.h5", {})
    assert one == "b [x](http) y"
    assert uploads._label("a.h5", {"a": None}) == "a (2)"
    assert len(uploads._label("a" * 300 + ".h5", {})) == uploads.LONGEST_NAME
