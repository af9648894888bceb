"""Compare classifiers on tables, by cross-validation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins
from sklearn import datasets
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import Bunch

import repype_like.status
from repype_like.config import Config
from repype_like.stage import Stage

TARGET = "target"  # the column that is to be predicted


def penguins() -> pd.DataFrame:
    """Three species of penguins; without the island, since two of the species live on one island only."""
    return load_penguins().drop(columns=["island", "year"]).rename(columns={"species": TARGET})


def wine() -> pd.DataFrame:
    """Wines from three growers."""
    return with_target_names(datasets.load_wine(as_frame=True))


def breast_cancer() -> pd.DataFrame:
    """Benign and malignant tumours."""
    return with_target_names(datasets.load_breast_cancer(as_frame=True))


def with_target_names(bunch: Bunch) -> pd.DataFrame:
    """Return the table of a data set of scikit-learn, with names in place of the numbers of the classes."""
    return bunch.frame.assign(**{TARGET: bunch.target_names[bunch.target]})


# All of these tables come with the packages themselves: nothing is downloaded.
TABLES = {"penguins": penguins, "wine": wine, "breast_cancer": breast_cancer}


class Load(Stage):
    """Read a table, which may have gaps."""

    inputs = ["input_id"]
    outputs = ["raw_table"]

    def process(self, pipeline, config, status=None, *, input_id):
        return {"raw_table": TABLES[input_id]()}


class Clean(Stage):
    """Deal with the gaps in the table."""

    consumes = ["raw_table"]  # read here, and not to be had any more: no later stage can use it by mistake
    outputs = ["table"]

    def process(self, pipeline, config, status=None, *, raw_table):
        method = config.get("method", "drop")
        if method == "drop":
            return {"table": raw_table.dropna(ignore_index=True)}
        if method == "impute":
            # Typical of all rows, those included that are predicted later on; with few gaps that makes no difference
            return {"table": raw_table.fillna(typical_values(raw_table.drop(columns=TARGET)))}
        raise ValueError(f'clean.method is "{method}" instead of "drop" or "impute"')


def typical_values(table: pd.DataFrame) -> dict[str, object]:
    """Return the median of each column of numbers, and the most frequent value of each other column."""
    numbers = table.select_dtypes("number")
    others = table.select_dtypes(exclude="number")
    return numbers.median().to_dict() | {name: others[name].mode()[0] for name in others}


class Split(Stage):
    """Deal the rows out into folds, each with the same mixture of classes."""

    inputs = ["table"]
    outputs = ["fold"]  # the number of each row's fold

    def process(self, pipeline, config, status=None, *, table):
        folds = StratifiedKFold(config.get("folds", 5), shuffle=True, random_state=config.get("seed", 0))
        fold = np.empty(len(table), int)
        for number, (_, rows) in enumerate(folds.split(table, table[TARGET])):
            fold[rows] = number
        return {"fold": fold}


class FitPredict(Stage):
    """Predict each fold by a model that is fitted to all the other folds."""

    inputs = ["table", "fold"]
    outputs = ["predictions"]  # for each row the true and the predicted class, and the probability of each class

    def process(self, pipeline, config, status=None, *, table, fold):
        features, target = table.drop(columns=TARGET), table[TARGET]
        probability = pd.DataFrame(0.0, index=table.index, columns=sorted(target.unique()))
        for number in repype_like.status.progress(status, range(fold.max() + 1), details="Fitting folds"):
            held_out = fold == number
            model = make_pipeline(prepare_columns(), classifier(config))
            model.fit(features[~held_out], target[~held_out])
            probability.loc[held_out] = model.predict_proba(features[held_out])
        predicted = probability.idxmax(axis="columns")
        return {"predictions": pd.DataFrame({"true": target, "predicted": predicted}).join(probability)}


def prepare_columns() -> ColumnTransformer:
    """Bring numbers to the same scale, and turn words into numbers."""
    return make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(drop="if_binary"), make_column_selector(dtype_exclude="number")),
    )


def classifier(config: Config) -> ClassifierMixin:
    """Return the model that the configuration asks for, not fitted yet."""
    model = config.get("model", "logistic")
    if model == "logistic":
        return LogisticRegression(C=config.get("C", 1.0), max_iter=1000)
    if model == "rf":
        return RandomForestClassifier(config.get("n_trees", 100), random_state=config.get("seed", 0))
    raise ValueError(f'fit-predict.model is "{model}" instead of "logistic" or "rf"')


class Score(Stage):
    """Compare the predictions with the truth."""

    inputs = ["predictions"]
    outputs = ["metrics", "confusion"]

    def process(self, pipeline, config, status=None, *, predictions):
        true, predicted = predictions["true"], predictions["predicted"]
        metrics = {
            "rows": len(predictions),
            "errors": int((true != predicted).sum()),
            "accuracy": float(accuracy_score(true, predicted)),
            "balanced_accuracy": float(balanced_accuracy_score(true, predicted)),
            "log_loss": float(log_loss(true, predictions.drop(columns=["true", "predicted"]))),
        }
        return {"metrics": metrics, "confusion": pd.crosstab(true, predicted)}


class Summarize(Stage):
    """Average over the tables: an aggregate over inputs, which runs once for its task."""

    over = "inputs"
    inputs = ["metrics"]
    outputs = ["mean_accuracy", "mean_log_loss"]

    def process(self, pipeline, config, status=None, *, metrics):
        scores = pd.DataFrame.from_dict(dict(metrics), orient="index")
        return {"mean_accuracy": float(scores["accuracy"].mean()), "mean_log_loss": float(scores["log_loss"].mean())}


class Rank(Stage):
    """Put variants in the order of their log loss: an aggregate over tasks."""

    over = "tasks"
    tasks = ["..", "../*=*/**"]
    inputs = ["mean_accuracy", "mean_log_loss", "configs"]
    outputs = ["ranking", "best"]

    def process(self, pipeline, config, status=None, *, mean_accuracy, mean_log_loss, configs):
        ranking = pd.DataFrame({
            "model": {task: configs[task]["fit-predict"]["model"] for task in mean_accuracy},
            "accuracy": dict(mean_accuracy),
            "log_loss": dict(mean_log_loss),
        }).rename_axis("task").reset_index().sort_values("log_loss", ignore_index=True)
        return {"ranking": ranking, "best": str(ranking["task"][0])}


class Export(Stage):
    """Write the predictions as a file for other programs."""

    inputs = ["input_id", "predictions"]
    enabled_by_default = False

    def process(self, pipeline, config, status=None, *, input_id, predictions):
        path = pipeline.resolve("predictions", input_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        predictions.to_csv(path, index_label="row", float_format="%.4f")
        return {}
