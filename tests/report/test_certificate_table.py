"""The table of certificates tells what is promised before a run from what follows from its record, also in money."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.analysis.evidence import Basis
from omnisim.report.run.certificates import certificate_table
from omnisim.report.run.guarantees import _bases, sentences
from omnisim.report.text import amount, number

SMALL = {"rounds": 120, **{f"populations.{name}.agents": 3 for name in ("buyers", "factories", "operators")}}


@pytest.fixture(scope="module")
def calibrated() -> omnisim.Analysis:
    return omnisim.analyze(omnisim.simulate(omnisim.load_scenario("calibrated", SMALL)))


def test_of_many_certificates_those_closest_to_their_bound_are_listed(make: Callable[..., omnisim.Analysis]) -> None:
    """By what is left of the bound, as a share of it; in the order of the whole table."""
    analysis = make(populations={"a": 2, "b": 3}, rounds=40, subsequences=("all", "some", "few"))
    rng = np.random.default_rng(3)
    whole = pd.concat([analysis.certificates] * 5, ignore_index=True).iloc[:12]
    bound = rng.permutation(np.linspace(0.5, 40, len(whole)))
    measured = bound * rng.permutation(np.linspace(0.1, 0.9, len(whole)))
    whole = whole.assign(bound=bound, measured=measured, margin=bound - measured, holds=True)
    whole.loc[7, "holds"] = False
    analysis.__dict__["certificates"] = whole
    left = {i: (bound[i] - measured[i]) / max(1.0, bound[i]) for i in range(len(whole)) if i != 7}
    closest = sorted(left, key=left.__getitem__)[:4]
    table = certificate_table(analysis, 5)
    column = [each.title for each in table.columns].index("bound")
    shown = [float(str(row[column].value)) for row in table.rows]
    assert shown == pytest.approx([bound[i] for i in (7, *sorted(closest))], rel=1e-3)
    assert "Listed are the 5 of 12 that are violated or closest to their bound." in table.note


def test_bounds_from_the_record_are_told_apart_from_promises() -> None:
    """Of the promises of before the run none counts among those below what could have been lost."""
    rows = pd.DataFrame(
        [(Basis.BEFORE, 1.0, 5.0), (Basis.BEFORE, 2.0, 9.0), (Basis.RECORD, 3.0, 4.0), (Basis.RECORD, 6.0, 4.0)],
        columns=["basis", "bound", "hindsight"],
    )
    (told,) = _bases(rows)
    assert told.startswith("Of these 2 were promised before the run; 2 follow from its record, 1 of them with a bound")
    assert list(_bases(rows[:2])) == []


def test_regrets_are_told_in_money_of_the_agent_shown(calibrated: omnisim.Analysis) -> None:
    table = certificate_table(calibrated, 10_000)
    titles = [column.title for column in table.columns]
    where = {name: titles.index(name) for name in ("measured", "bound", "without a promise", "in hindsight", "known")}
    sizes = dict(zip(calibrated.trace.subsequences, calibrated.trace.active.sum(axis=0), strict=True))
    seen = set()
    for row, certificate in zip(table.rows, calibrated.certificates.to_dict("records"), strict=True):
        assert row[where["known"]].text == certificate["basis"]
        cells = {
            key: row[where[name]] for key, name in (("trivial", "without a promise"), ("hindsight", "in hindsight"))
        }
        money = "regret" in certificate["claim"]
        for key, cell in cells.items():
            value = certificate[key]
            if np.isnan(value):
                continue
            assert cell.value == pytest.approx(value, rel=1e-5)
            assert ("USD" in cell.text) == (money and certificate["hypotheses_met"] > 0)
        if not money or certificate["subsequence"] not in sizes or not certificate["hypotheses_met"]:
            continue
        # Without a promise an agent may lose its range of money in every round: which agent it is, that range says.
        population = calibrated.trace.records[certificate["population"]].population
        per_round = certificate["trivial"] / sizes[certificate["subsequence"]]
        corners = [
            max(
                sum(abs(x) for x in d[d * s > 0]) + s * o
                for a in range(population.actions)
                for b in range(a)
                for d, o in [(population.utility[n, a] - population.utility[n, b],
                              population.offset[n, a] - population.offset[n, b])]
                for s in (1, -1)
            )
            for n in range(population.agents)
        ]  # fmt: skip
        n = int(np.abs(np.array(corners) - per_round).argmin())
        assert corners[n] == pytest.approx(per_round, rel=1e-9)
        seen.add((certificate["population"], n))
        bound = certificate["bound"]
        expected = f"{number(bound, 4)} ({amount(bound * float(population.money.scale[n]))} USD)"
        assert row[where["bound"]].text == expected or bound == int(bound)
    assert len({n for _, n in seen}) > 1


def test_the_counts_of_what_is_known_when(calibrated: omnisim.Analysis) -> None:
    told = next(each for each in sentences(calibrated) if each.startswith("Of these"))
    table = calibrated.certificates
    rows = [row for row in table.to_dict("records") if row["status"] == "informative"]
    record = [row for row in rows if row["basis"] == "from the record"]
    below = [row for row in record if row["bound"] < row["hindsight"]]
    assert [int(each) for each in re.findall("[0-9]+", told)] == [len(rows) - len(record), len(record), len(below)]
    assert 0 < len(below) < len(record) < len(rows)


@pytest.mark.parametrize("currency", ["utility", "EUR"])
def test_a_regret_is_money_as_well_where_there_is_any(make: Callable[..., omnisim.Analysis], currency: str) -> None:
    analysis = make(populations={"a": 3}, clean=1.0, currency=currency)
    told = [cell.text for row in certificate_table(analysis, 100).rows for cell in row[4:8]]
    assert any(text.endswith(f" {currency})") for text in told) == (currency == "EUR")
    assert any("(" in text for text in told) == (currency == "EUR")
