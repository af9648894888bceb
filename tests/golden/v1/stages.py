"""The stages of the golden trees."""

from repype_like.stage import Stage


class Load(Stage):
    """A large value for the first input, which becomes a blob."""

    version, fingerprint = 1, "version"
    inputs = ["input_id"]
    outputs = ["image"]

    def process(self, pipeline, config, input_id, status=None):
        import numpy

        return {"image": (numpy.arange(8_500 // input_id ** 4) * 0.37) ** 2 % 1.0 * 5}


class Look(Stage):
    """A value that is not kept."""

    version, fingerprint = 1, "version"
    inputs = ["image"]
    outputs = ["size"]

    def process(self, pipeline, config, image, status=None):
        return {"size": image.size}


class Mark(Stage):
    """Reads a file and makes one."""

    version, fingerprint = 1, "version"
    inputs = ["image", "input_id"]
    outputs = ["marked", "labels"]
    default_config = {"level": 2}

    def process(self, pipeline, config, image, input_id, status=None):
        text = pipeline.resolve("notes", input_id).read_text(encoding="utf-8")
        pipeline.resolve("made", input_id).write_text(text.upper(), encoding="utf-8")
        return {"marked": {"level": config["level"], "text": text.strip(), "none": None, "list": [1, 2.5, "\u00e9"]},
                "labels": (image > config["level"]).astype("int16")}


class Total(Stage):
    """Small values."""

    version, fingerprint = 1, "version"
    inputs = ["size", "image", "labels", "input_id"]
    outputs = ["total", "count"]

    def process(self, pipeline, config, size, image, labels, input_id, status=None):
        return {"total": float(image.sum()), "count": int(labels.sum())}
