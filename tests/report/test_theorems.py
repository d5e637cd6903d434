"""Every theorem that a certificate can name is told in words and as a formula, and every colour has a dark one."""

import re
from pathlib import Path

import pytest

import omnisim
from omnisim.analysis.evidence import Status
from omnisim.report.figures import style
from omnisim.report.figures.style import DARK
from omnisim.report.run.certificates import certificate_groups, certificate_table
from omnisim.report.text import percent
from omnisim.report.theorems import THEOREMS, anchor_of, theorem_of

PACKAGE = Path(omnisim.__file__).parent


def named() -> set[str]:
    """The names that the certificates have in the code."""
    files = [*(PACKAGE / "analysis").glob("*.py"), *(PACKAGE / "strategies").rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    text = re.sub(r"(?m)^\s*(>>>|\.\.\.).*$", "", text)  # examples have theorems of their own
    declared = re.findall(r'\b(?:theorem|bias|swap|external)="([^"]+)"', text)
    return {*declared, *re.findall(r'"((?:Theorem|Proposition|Corollary|Assumption|Section) [\d.]+)"', text)}


def test_every_theorem_of_the_certificates_is_told() -> None:
    assert named()
    assert named() <= set(THEOREMS)
    assert len({anchor_of(name) for name in THEOREMS}) == len(THEOREMS)


def test_a_theorem_that_is_not_known_speaks_for_itself() -> None:
    assert theorem_of("Theorem 99", ["CCV+ <= gamma"]).words == "CCV⁺ ≤ γ"


def test_groups_hold_every_certificate_once(market) -> None:
    table = certificate_table(market, 10_000)
    groups = certificate_groups(market, 10_000)
    assert groups.rows == len(table.rows) == len(market.certificates)
    for group in groups.groups:
        rows = market.certificates.query("theorem == @group.name")
        assert len(group.table.rows) == len(rows)
        could_fail = rows["informative"].astype(bool) & (rows["hypotheses_met"] > 0) & (rows["status"] == "informative")
        held, met = int(could_fail.sum()), int((rows["status"] == "cannot fail").sum())
        nothing = len(rows) - held - met
        assert ("hold" in group.outcome) == (held > 0)
        assert not held or f"{held:,} hold" in group.outcome
        assert not nothing or f"{nothing:,} promise" in group.outcome
        assert not met or f"{met:,} {'is' if met == 1 else 'are'} met" in group.outcome
        used = (rows["measured"] / rows["bound"])[could_fail & (rows["bound"] > 0)]
        if len(used) and used.max() > 0:
            assert f"closest at {percent(used.max())} of its bound" in group.outcome


def test_a_violated_group_stands_first_and_open(violated) -> None:
    first = certificate_groups(violated, 10_000).groups[0]
    assert first.violated
    assert "1 violated" in first.outcome
    assert Status.VIOLATED in first.table.marks


def colours(value: object, key: str = "") -> set[str]:
    """All colours in a figure."""
    if isinstance(value, dict):
        return set().union(*(colours(each, name) for name, each in value.items()), set())
    if isinstance(value, list | tuple):
        return set().union(*(colours(each, key) for each in value), set())
    if isinstance(value, str):
        hexes = set(re.findall(r"#[0-9a-fA-F]{6}", value)) if "<span" in value or re.search("colou?r", key) else set()
        for found in re.findall(r"rgba\((\d+),(\d+),(\d+),", value):
            if found != ("0", "0", "0"):
                hexes.add("#" + "".join(f"{int(part):02x}" for part in found))
        return hexes
    return set()


def light(colour: str) -> int:
    """The sum of red, green and blue."""
    return sum(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def test_each_colour_has_another_on_a_dark_page_and_their_order_of_light_is_turned_round() -> None:
    named = [value for name, value in vars(style).items() if name.isupper()]
    several = [each for value in named if isinstance(value, tuple) for each in value]
    hexes = {each for each in (*named, *several) if isinstance(each, str) and each.startswith("#")}
    assert len(hexes) >= 20
    assert set(DARK) == hexes
    assert len({*DARK, *DARK.values()}) == 2 * len(hexes)
    for darkest_first in (
        (style.INK, style.MUTED, style.EDGE, style.REST, style.GRID, style.PAGE),
        (*style.SHADES[::-1], style.PAGE),
    ):
        before, after = [light(each) for each in darkest_first], [light(DARK[each]) for each in darkest_first]
        assert before == sorted(before)
        assert after == sorted(after, reverse=True)


@pytest.mark.long
@pytest.mark.parametrize(
    "scenario",
    [
        "ercot_day_ahead",
        *(pytest.param(each, marks=pytest.mark.whole) for each in ("calibrated", "lossy_broadcast", "price_spikes")),
    ],
)
def test_every_colour_of_a_figure_has_one_for_a_dark_page(scenario: str) -> None:
    from omnisim.report.run.figures import agent_frames, shown_figures

    analysis = omnisim.analyze(omnisim.simulate(omnisim.load_scenario(scenario, {"rounds": 60})))
    drawn = [figure for each in shown_figures(analysis).values() for figure in each.variants]
    for each in agent_frames(analysis, list(analysis.trace.records)).values():
        drawn += [figure for figure in each if figure]
    used = set().union(*(colours(figure.to_dict()) for figure in drawn))
    assert used
    assert used <= set(DARK), sorted(used - set(DARK))
