"""Find objects in images, and measure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from skimage import color, data, filters, io, measure, segmentation, util

from repype_like.stage import Stage


def brightness(picture: NDArray) -> NDArray:
    """Tell how bright each pixel is, from 0 (black) to 1 (white)."""
    return util.img_as_float(color.rgb2gray(picture) if picture.ndim == 3 else picture)


def darkness(picture: NDArray) -> NDArray:
    """Tell how dark each pixel is, from 0 (white) to 1 (black)."""
    return 1 - brightness(picture)


def hematoxylin(picture: NDArray) -> NDArray:
    """Separate the blue stain, which binds to nuclei, from the brown one."""
    return color.rgb2hed(picture)[..., 0]


@dataclass(frozen=True)
class Subject:
    """An image, and what is to be found in it."""

    read: Callable[[], NDArray]
    signal: Callable[[NDArray], NDArray]  # high on the objects, low around them
    diameter: int  # of a typical object, in pixels
    largest: int  # diameter of the largest object, in pixels


# All of these images come with scikit-image itself: nothing is downloaded.
SUBJECTS = {
    "cell": Subject(data.cell, brightness, diameter=130, largest=135),
    "coins": Subject(data.coins, brightness, diameter=45, largest=65),
    "hubble_deep_field": Subject(data.hubble_deep_field, brightness, diameter=10, largest=60),
    "immunohistochemistry": Subject(data.immunohistochemistry, hematoxylin, diameter=14, largest=20),
    "microaneurysms": Subject(data.microaneurysms, darkness, diameter=8, largest=12),
}


class Load(Stage):
    """Read a picture, and turn it into an image on which the objects are bright."""

    inputs = ["input_id"]
    outputs = ["picture", "image"]

    def process(self, pipeline, config, status=None, *, input_id):
        subject = SUBJECTS[input_id]
        picture = subject.read()
        signal = subject.signal(picture)
        darkest, brightest = np.percentile(signal, (0.1, 99.9))  # a few odd pixels shall not set the scale
        return {"picture": picture, "image": np.clip((signal - darkest) / (brightest - darkest), 0, 1)}


class Denoise(Stage):
    """Smooth the image, and take away what is wider than any object: the background."""

    inputs = ["image"]
    outputs = ["denoised"]

    def configure(self, pipeline, input_id, *args, **kwargs):
        # Unless `background_window` is set, it becomes `AF_background_window` (by default 1.4) times this diameter
        return {"background_window": (SUBJECTS[input_id].largest, 1.4, {"type": int, "min": 3})}

    def process(self, pipeline, config, status=None, *, image):
        smooth = filters.gaussian(image, config.get("sigma", 1.0))
        background = ndimage.grey_opening(smooth, size=(config["background_window"],) * 2)
        return {"denoised": smooth - background}


class Segment(Stage):
    """Give each pixel the number of the object that it belongs to, or 0."""

    inputs = ["denoised"]
    outputs = ["labels"]

    def configure(self, pipeline, input_id, *args, **kwargs):
        diameter = SUBJECTS[input_id].diameter
        return {
            "window": (diameter, 3.0, {"type": int, "min": 3}),  # width, in pixels; only for the local threshold
            "min_size": (pi / 4 * diameter**2, 0.1, {"type": int, "min": 4}),  # area, in pixels
        }

    def normalize_config(self, config):
        # "Otsu" and "otsu" are the same, so nothing runs again if one is written for the other
        return {**config, "method": config.get("method", "otsu").lower()}

    def process(self, pipeline, config, status=None, *, denoised):
        method = config["method"]
        if method == "otsu":
            threshold = filters.threshold_otsu(denoised)
        elif method == "li":
            threshold = filters.threshold_li(denoised)
        elif method == "local":
            width = config["window"] // 2 * 2 + 1  # must be odd
            threshold = filters.threshold_local(denoised, width) + config.get("contrast", 0.1)
        else:
            raise ValueError(f'segment.method is "{method}" instead of "otsu", "li" or "local"')
        regions = measure.label(ndimage.binary_fill_holes(denoised > threshold))
        return {"labels": without_small(regions, config["min_size"])}


def without_small(labels: NDArray, min_size: int) -> NDArray:
    """Remove the regions that have fewer than `min_size` pixels, and number the others 1, 2, 3..."""
    keep = np.bincount(labels.ravel()) >= min_size
    keep[0] = False  # the background is no region
    numbers = np.where(keep, np.cumsum(keep), 0)
    return numbers[labels].astype(np.uint16)


class Measure(Stage):
    """Describe each object by a row of a table, and the image by a few numbers."""

    inputs = ["image", "labels"]
    outputs = ["regions", "metrics"]

    PROPERTIES = ("label", "area", "centroid", "eccentricity", "solidity", "intensity_mean")

    def process(self, pipeline, config, status=None, *, image, labels):
        regions = pd.DataFrame(measure.regionprops_table(labels, image, properties=self.PROPERTIES))
        is_round = (regions["eccentricity"] < 0.8) & (regions["solidity"] > 0.9)
        metrics = {
            "objects": len(regions),
            "round_objects": int(is_round.sum()),
            "covered": float((labels > 0).mean()),  # part of the image, from 0 to 1
            "median_area": float(regions["area"].median()) if len(regions) else 0.0,  # in pixels
        }
        return {"regions": regions, "metrics": metrics}


class Overlay(Stage):
    """Draw the outlines of the objects into the picture, and write that as a file."""

    inputs = ["input_id", "picture", "labels"]

    def process(self, pipeline, config, status=None, *, input_id, picture, labels):
        zoom = max(1, 500 // min(labels.shape))  # so that outlines are finer than what they surround
        outlined = segmentation.mark_boundaries(enlarged(picture, zoom), enlarged(labels, zoom), color=(1, 0, 1))
        path = pipeline.resolve("overlay", input_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        io.imsave(path, util.img_as_ubyte(outlined), check_contrast=False)
        return {}


def enlarged(image: NDArray, zoom: int) -> NDArray:
    """Repeat each pixel `zoom` times in both directions."""
    return image.repeat(zoom, axis=0).repeat(zoom, axis=1)


class Compare(Stage):
    """Put the outlines that the variants find side by side, and tell how far they agree with the first of them."""

    over = "tasks"
    tasks = ["..", "../*=*"]  # the task above, and those beside this one
    inputs = ["labels"]
    outputs = ["agreement"]

    def process(self, pipeline, config, status=None, *, labels):
        first = next(iter(labels))
        rows = [[outlines(SUBJECTS[name].read(), found[name], config.get("size", 160)) for found in labels.values()]
                for name in labels[first]]
        io.imsave(pipeline.resolve("comparison"), np.vstack([np.hstack(row) for row in rows]), check_contrast=False)
        return {"agreement": {task: agreement(labels[first], found) for task, found in labels.items()}}


def outlines(picture: NDArray, labels: NDArray, size: int) -> NDArray:
    """Draw the outlines of objects into the middle of a picture, `size` pixels wide and high."""
    top, left = (max(0, (length - size) // 2) for length in labels.shape)
    window = np.s_[top:top + size, left:left + size]
    tile = util.img_as_ubyte(segmentation.mark_boundaries(picture[window], labels[window], color=(1, 0, 1)))
    height, width = tile.shape[:2]
    return np.pad(tile, ((0, size - height), (0, size - width), (0, 0)))


def agreement(one: Mapping[str, NDArray], other: Mapping[str, NDArray]) -> float:
    """Return which part of what either finds both find, on average over images."""
    parts = [((one[name] > 0) & (other[name] > 0)).sum() / max(1, ((one[name] > 0) | (other[name] > 0)).sum())
             for name in one]
    return float(np.mean(parts))
