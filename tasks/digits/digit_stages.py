"""Read handwritten digits, by a neural network and by a program that somebody else has written."""

from __future__ import annotations

import enum
import pickle
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from skimage.io import imsave
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from repype_like.library import Combine, Print, Remix, Shell
from repype_like.stage import Lazy, Stage, stage

Images = dict[str, NDArray[np.float64]]  # by split, a row for each image: the digit, and 8 x 8 pixels from 0 to 1

SIDE = 8


@stage(outputs=["dataset"], cache=False)  # it comes with scikit-learn, so there is no need to keep it
def load() -> Images:
    """Read the images: those of the first writers to learn from, those of the last ones as a test."""
    images = load_digits()
    rows = np.column_stack([images.target, images.data / 16])
    return {"train": rows[:1347], "test": rows[1347:]}


class Direction(enum.Enum):
    """Where an image is moved to: rows down, columns to the right."""

    LEFT = (0, -1)
    RIGHT = (0, 1)
    UP = (-1, 0)
    DOWN = (1, 0)


@stage(outputs=["copies"])
def shifted(dataset: dict, *, directions: list[Direction] = [Direction.LEFT, Direction.RIGHT]) -> Images:  # noqa: B006
    """Make copies of the images to learn from, moved by one pixel.

    Args:
        dataset: The images.
        directions: Where to; there is a copy for each.
    """
    labels, pixels = dataset["train"][:, :1], dataset["train"][:, 1:].reshape(-1, SIDE, SIDE)
    moved = [np.roll(pixels, direction.value, axis=(1, 2)).reshape(len(pixels), -1) for direction in directions]
    return {"train": np.vstack([np.empty((0, SIDE**2 + 1)), *(np.column_stack([labels, copy]) for copy in moved)])}


together = Combine("dataset", "copies", output="all_images")  # those of "copies" behind those of "dataset"
splits = Remix("all_images", output="images", id="splits")


@dataclass
class TrainConfig:
    """How the network learns."""

    hidden: Annotated[int, "The number of neurons in the hidden layer."] = 32
    epochs: Annotated[int, "How often it sees each image."] = 8
    rate: Annotated[float, "How much it learns from each step."] = 0.003
    log_every: Annotated[int, "After how many epochs to log how good it is."] = 4

    def __post_init__(self):
        if min(self.hidden, self.epochs, self.log_every) < 1:
            raise ValueError("hidden, epochs and log_every must be at least 1")


class Train(Stage):
    """Train a neural network, going on from the last epoch if the run was interrupted."""

    inputs = ["images"]
    outputs = ["model"]
    config_class = TrainConfig
    ignore_config = ["log_every"]  # logging less or more gives the same network
    seeded = True  # the first weights are random, but the same each time
    resources = {"cpus": 1}
    metadata = {"kind": "model"}

    def process(self, pipeline, config, images, status=None):
        train, validation = images["train"], images["validation"]
        checkpoint = Path(self.work_dir, "model.pickle")
        model = MLPClassifier((config.hidden,), learning_rate_init=config.rate, random_state=np.random.randint(2**31))
        epoch = 0
        if checkpoint.exists():
            epoch, model = pickle.loads(checkpoint.read_bytes())
        for number in range(epoch + 1, config.epochs + 1):
            model.partial_fit(train[:, 1:], train[:, 0], classes=np.arange(10.0))
            checkpoint.write_bytes(pickle.dumps((number, model)))
            if number % config.log_every == 0:
                right = model.score(validation[:, 1:], validation[:, 0])
                self.logger.info("epoch %d: %.1f %% of the validation images are right", number, 100 * right)
        return {"model": model}


@stage(outputs=["layer"])
def neurons(model):
    """Yield what makes each neuron of the hidden layer fire, as an image: a sequence, stored image by image."""
    for weights in model.coefs_[0].T:
        yield weights.reshape(SIDE, SIDE)


@stage(outputs=["guesses"])
def predict(model, images):
    """Have the network read the images of the test."""
    return model.predict(images["test"][:, 1:]).astype(int)


# A measurement: kept as it is until a new one is asked for, or another `version` written, whatever the code says
@stage(outputs=["images_per_second"], deterministic=False, version="1", fingerprint="version")
def speed(model, images, *, rounds: int = 3):
    """Measure how fast the network reads."""
    started = time.perf_counter()
    for _ in range(rounds):
        model.predict(images["test"][:, 1:])
    return rounds * len(images["test"]) / (time.perf_counter() - started)


def save_images(images, path):
    """Write images for other programs."""
    np.savez(path, **images)


def load_images(path):
    """Read what was written."""
    with np.load(path) as file:
        return dict(file)


# `k` is in the command, so it is a parameter of the stage, like those of the other stages
nearest = Shell(["{python}", "{program}", "{images}", "{baseline}", "{k}"], id="nearest", reads=["program"],
                inputs=["images"], outputs=["baseline"], default_config={"k": 1},
                files={"images": (save_images, load_images, "npz"), "baseline": "csv"})


@stage(outputs=["metrics"], optional_inputs=["baseline"])  # a task may do without: see shifts=none
def score(images, guesses, baseline=None):
    """Compare both with the truth."""
    truth = images["test"][:, 0]
    found = {"train_images": len(images["train"]), "accuracy": float((guesses == truth).mean())}
    if baseline is not None:
        found["baseline_accuracy"] = float((baseline["guess"].to_numpy() == truth).mean())
    return found


@stage(outputs=["mistakes"], lazy=["images"], formats={"mistakes": "file"})  # a folder is kept as it is, file by file
def mistakes(images: Lazy, guesses, stage: Stage, *, most: int = 20):
    """Draw the images that the network gets wrong, into files named by what they show and what it took that for."""
    folder = Path(stage.work_dir, "mistakes")
    folder.mkdir(exist_ok=True)
    if most:  # otherwise, the images are not even loaded
        test = images.load()["test"]
        for number in np.flatnonzero(guesses != test[:, 0])[:most]:
            picture = np.uint8(255 * test[number, 1:]).reshape(SIDE, SIDE).repeat(8, 0).repeat(8, 1)
            name = f"{number}-shows-{test[number, 0]:.0f}-not-{guesses[number]}.png"
            imsave(folder / name, picture, check_contrast=False)
    return folder


show = Print("metrics", extra_dependencies=["mistakes"])  # when there is nothing more to come
