"""The table of certificates tells what is promised before a run from what follows from its record, also in money."""

import re

import numpy as np
import pytest

import omnisim
from omnisim.report.run.certificates import certificate_table
from omnisim.report.run.guarantees import sentences
from omnisim.report.text import amount, number

SMALL = {"rounds": 120, **{f"populations.{name}.agents": 3 for name in ("buyers", "factories", "operators")}}


@pytest.fixture(scope="module")
def calibrated() -> omnisim.Analysis:
    return omnisim.analyze(omnisim.simulate(omnisim.load_scenario("calibrated", SMALL)))


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
