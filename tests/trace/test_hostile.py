"""A record that was tampered with is refused in one line that names the file and the array, before anything runs."""

import functools
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trace_files import ROUNDS, add_zeros, npy

import omnisim
from omnisim.errors import TraceError
from omnisim.trace.description import AGENTS, LOG, MESSAGES, MIXTURES, RECORD, RUN, Array

T, D, N, L = ROUNDS, 2, 3, 2


def refused(path: Path) -> str:
    with pytest.raises(TraceError) as caught:
        omnisim.load_trace(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: "), message
    assert "\n" not in message
    return message


@functools.cache
def names_in(path: Path) -> list[str]:
    omnisim.load_trace(path)
    with np.load(path) as opened:
        return list(opened.files)


GROUPS = [
    ("", RUN), ("mixtures/", MIXTURES), ("population0/", AGENTS), ("population1/", AGENTS), ("population0/", RECORD),
    ("population1/", RECORD), ("messages/", MESSAGES), ("messages/log/", LOG),
]  # fmt: skip
EACH = [(prefix, field) for prefix, described in GROUPS for field in described]
"""Every line of the description, with the group that it is in."""


def found(prefix: str, field: Array, names: list[str]) -> str | None:
    """The name of an array that a line of the description is about."""
    begin = prefix + field.name.removesuffix("*")
    return next((name for name in names if name == begin or (field.family and name.startswith(begin))), None)


def test_the_records_are_fine_and_have_every_array(recorded: Path, recorded_with_law: Path) -> None:
    names = names_in(recorded) + names_in(recorded_with_law)
    both = [{"population0/": "population1/", "population1/": "population0/"}.get(prefix, prefix) for prefix, _ in EACH]
    for (prefix, field), other in zip(EACH, both, strict=True):
        # Not all that may happen to one population happens to both.
        assert found(prefix, field, names) or found(other, field, names), prefix + field.name


BOUNDED = [(prefix, field) for prefix, field in EACH if field.kind == "float" and not field.may_be]


@pytest.mark.one_in(10)
@pytest.mark.parametrize(("prefix", "field"), BOUNDED, ids=lambda each: getattr(each, "name", each))
@pytest.mark.parametrize("value", [1e308, -1e308, 1e31])
def test_what_would_overflow_is_refused_before_it_does(
    prefix: str, field: Array, value: float, recorded: Path, recorded_with_law: Path, tampered: Callable[..., Path]
) -> None:
    path = recorded if found(prefix, field, names_in(recorded)) else recorded_with_law
    name = found(prefix, field, names_in(path))
    if name is None:
        assert prefix.startswith("population")  # the other one has it
        return
    with np.load(path) as opened:
        bad = np.full_like(opened[name], value)
    if bad.size:  # warnings of numpy are errors here
        assert name in refused(tampered(lambda arrays, _: arrays.__setitem__(name, bad), path))


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("prefix", "field"), EACH, ids=lambda each: getattr(each, "name", each))
def test_every_array_is_checked(
    prefix: str, field: Array, recorded: Path, recorded_with_law: Path, tampered: Callable[..., Path]
) -> None:
    """Of another type, with an axis more, cut short, out of its range, not a number: whatever line it is."""
    path = recorded if found(prefix, field, names_in(recorded)) else recorded_with_law
    name = found(prefix, field, names_in(path))
    if name is None:
        assert prefix.startswith("population")  # the other one has it
        return
    with np.load(path) as opened:
        good = opened[name]
    bad: list[Any] = [good.astype("U30"), good.astype(float if field.kind == "day" else complex)]
    bad_shapes = [good[..., None]]
    if good.size:
        bad_shapes.append(good[tuple(slice(0, max(0, n - 1)) for n in good.shape)])
        bad += [changed(good, value) for value in FORBIDDEN[field.name]]
    for array in bad:
        assert name in refused(tampered(lambda arrays, _, array=array: arrays.__setitem__(name, array), path))
    for array in bad_shapes:
        line = refused(tampered(lambda arrays, _, array=array: arrays.__setitem__(name, array), path))
        # Of two lengths that differ, either may be the wrong one.
        assert "has shape" in line
    if not field.optional and not field.family:
        assert f"{name}: is missing" in refused(tampered(lambda arrays, _: arrays.pop(name), path))


def wide(good: np.ndarray) -> np.ndarray:
    """A copy with room for any number: files hold narrow whole numbers, and a hostile one may hold others."""
    return good.astype(np.int64) if good.dtype.kind == "i" else good.copy()


def changed(good: np.ndarray, value: Any) -> np.ndarray:
    array = wide(good)
    array[(-1,) * array.ndim] = value
    return array


NO_NUMBER = [np.nan, np.inf, -np.inf]
IN_THE_BOX = [-1.0, 2.0, *NO_NUMBER]
A_ROUND = [-1, T + 1, 10**15]
COUNT = [-1]
NEGATIVE = [-1.0, *NO_NUMBER]
NOTHING: list[Any] = []
FORBIDDEN: dict[str, list[Any]] = {
    **dict.fromkeys(("outcomes", "predictions", "bases", "other_predictions/*", "support", "weights"), IN_THE_BOX),
    **dict.fromkeys(("unclipped_outcomes", "unclipped_predictions", "before", "true_costs"), NO_NUMBER),
    **dict.fromkeys(("utility", "offset", "money_offset", "load", "paid"), NO_NUMBER),
    **dict.fromkeys(("money_scale", "limit_scale", "agent_weights", "edge_delay"), NEGATIVE),
    **dict.fromkeys(("violated_at", "eliminated_at", "expected_violated_at"), A_ROUND),
    **dict.fromkeys(("sent", "delivered", "lost", "late", "in_flight"), COUNT),
    **dict.fromkeys(("active", "fallback", "defaulted", "present"), NOTHING),
    "dates": [np.datetime64("NaT")],
    "diagnostics/*": [np.inf, -np.inf],
    "starts": [-1, 10**6],
    "actions": [-2, 4, 10**9],
    "costs": [-1.1, 1.1, *NO_NUMBER],
    "heard": [-2, T],
    "settled_at": [-2, T + 1],
    "edges": [-1, 10**6],
    "edge_loss": IN_THE_BOX,
    "kind": [-1, 4],
    "round": [-1, T],
    "sender": [-1, 10**6],
    "receiver": [-1, 10**6],
    "arrived": [-1.0, np.nan, -np.inf],
}
"""Values that no entry may have, of runs of 12 rounds with at most 4 actions and 4 kinds of messages."""


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("population0/actions", lambda x: np.full_like(x, 10**9), r"actions\[0, 0\] is 1000000000: .*-1..1 \(A = 2\)"),
        ("population0/actions", lambda x: np.where(x == 0, 2, x), "population0/actions.* is 2: .* in -1..1"),
        ("population0/actions", lambda x: np.full_like(x, -1), "population0/actions.* is -1: .*, and only there"),
        ("population1/actions", lambda x: np.where(x == -1, 0, x), "population1/actions.*not there, and only there"),
        ("population0/actions", lambda x: x.astype(float), "actions: is an array of float64, must be one of int64"),
        ("population0/actions", lambda x: x[:3], r"has shape \(3, 3\), must have \(T, N\) with T = 12, N = 3"),
        ("outcomes", lambda x: 0 * x + 7.0, r"outcomes\[0, 0\] is 7.0: .*in \[0, 1\]"),
        ("outcomes", lambda x: np.full_like(x, np.nan), r"outcomes\[0, 0\] is nan: .*a finite number"),
        ("outcomes", lambda x: x[::-1], "outcomes.*clipping unclipped_outcomes must give it"),
        ("predictions", lambda x: x[::-1], "predictions.*it must be in the mixture of the round"),
        ("active", np.zeros_like, r"active\[0\]: every round must be in a subsequence"),
        ("mixtures/starts", lambda x: x[::-1], "mixtures/starts.*rise from 0"),
        ("mixtures/starts", lambda x: np.minimum(x, x[-2]), "mixtures/starts.*rise from 0"),
        ("mixtures/weights", lambda x: x / 2, "weights of the round must sum to 1"),
        ("population0/violated_at", lambda x: np.full_like(x, 1), "it must be a round of the subsequence"),
        ("population0/violated_at", lambda x: np.full_like(x, T), "a cost > 0 is on record before it"),
        ("population0/violated_at", lambda x: np.where((x == T) & [True, False], 0, x), "at no cost > 0"),
        ("population1/eliminated_at", lambda x: np.where(x == T, 2, x), "it had left the candidates before, and"),
        ("population1/fallback", np.logical_not, "population1/fallback.*the agent had a candidate left"),
        ("population0/limit_scale", lambda x: 0 * x, r"limit_scale\[0, 0\] is 0.0: every entry must be > 0"),
        ("dates", lambda x: x[::-1], r"dates\[1\] is .*: days must rise"),
        ("dates", lambda x: np.full_like(x, x[0]), r"dates\[1\] is .*: days must rise"),
        ("population0/heard", lambda x: np.full_like(x, T - 1), "no forecast is heard before it is made"),
        ("population0/settled_at", np.zeros_like, "no outcome is learnt before its round"),
        ("messages/lost", lambda x: x + 1, "what was delivered, lost and in flight"),
        ("messages/late", lambda x: x + 1000, "late messages are among those delivered"),
        ("messages/edges", lambda x: x + 100, "messages/edges.*every entry must be in 0.."),
        ("dates", lambda x: x.astype("datetime64[s]"), r"dates: is an array of datetime64\[s\]"),
        ("population0/utility", lambda x: x * 100, "population 'firms': the utility of action .* must stay in"),
        ("population0/money_scale", lambda x: -x, r"population0/money_scale\[0\] is -1"),
        ("population0/money_scale", lambda x: 0 * x, "money scale of population 'firms' must be > 0"),
    ],
)  # fmt: skip
def test_what_must_hold(name: str, change: Callable[..., Any], says: str, tampered: Callable[..., Path]) -> None:
    path = tampered(lambda arrays, _: arrays.__setitem__(name, change(wide(arrays[name]))))
    with pytest.raises(TraceError, match=says):
        omnisim.load_trace(path)
    refused(path)


HEADERS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda h: h.pop("subsequences"), "it has no subsequences"),
    (lambda h: h.__setitem__("subsequences", "all"), "subsequences is 'all'"),
    (lambda h: h["subsequences"].append("x"), r"active: has shape \(12, 2\), must have \(T, L\) with T = 12, L = 3"),
    (lambda h: h.__setitem__("subsequences", ["a", "a"]), "subsequences has 'a' twice"),
    (lambda h: h["populations"].pop(), "about.elimination names the population 'homes'"),
    (lambda h: h["populations"][0].__setitem__("name", 3), "populations.0.name is 3"),
    (lambda h: h["populations"][0].__setitem__("name", "homes"), "populations has 'homes' twice"),
    (lambda h: h["populations"][0]["action_names"].append("x"), r"population0/utility: has shape .* A = 3"),
    (lambda h: h["populations"][0]["constraint_names"].append("x"), "limit_units has 1 entries for 2 constraints"),
    (lambda h: h["populations"][1]["subscriptions"].append("z"), "has shape .* F = 3"),
    (lambda h: h["populations"][1].__setitem__("subscriptions", ["z", "second"]), "hears 'z', which predicted nothing"),
    (lambda h: h["about"].__setitem__("rounds", 13), "about.rounds is 13, but the arrays have 12"),
    (lambda h: h["about"].__setitem__("seed", "x"), "about.seed is 'x'"),
    (lambda h: h["about"].__setitem__("elimination", {}), "about.elimination has no population 'firms'"),
    (lambda h: h["about"]["policies"]["firms"].__setitem__("benchmark", 1), "about.policies.firms.benchmark is 1"),
    (lambda h: h["about"]["policies"]["firms"].__setitem__("guarantees", 1), "about.policies.firms.guarantees is 1"),
    (lambda h: h["about"]["spells"]["homes"].pop(), "about.spells of 'homes' are"),
    (lambda h: h["about"]["forecast"].__setitem__("guarantees", [{}]), "about.forecast.guarantees.0. is no guarantee"),
    (lambda h: h["about"]["forecast"].__setitem__("guarantees", 3), "about.forecast.guarantees is 3"),
    (lambda h: h["about"].pop("other_forecasters"), "do not name the same: second"),
    (lambda h: h["messages"]["parties"].pop(), "roles for"),
    (lambda h: h["messages"].__setitem__("logged", [5, 2]), "messages.logged is"),
    (lambda h: h.pop("messages"), "messages/.*: no record has such an array"),
    (lambda h: h.pop("about"), "it has no about"),
]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("change", "says"), HEADERS, ids=[says for _, says in HEADERS])
def test_what_the_header_says(change: Callable[[Any], Any], says: str, tampered: Callable[..., Path]) -> None:
    path = tampered(lambda _, header: change(header))
    with pytest.raises(TraceError, match=says):
        omnisim.load_trace(path)
    refused(path)


def test_arrays_that_no_record_has(tampered: Callable[..., Path]) -> None:
    line = refused(tampered(lambda arrays, _: arrays.__setitem__("population2/actions", np.zeros(3))))
    assert "population2/actions: no record has such an array" in line


def test_a_header_that_is_nested_without_end(recorded: Path, tmp_path: Path) -> None:
    with np.load(recorded) as opened:
        arrays = dict(opened)
    arrays["header"] = np.frombuffer(b"[" * 100_000, dtype=np.uint8)
    np.savez(tmp_path / "trace.npz", **arrays)
    assert "is damaged (it is nested too deeply)" in refused(tmp_path / "trace.npz")


def test_no_trace_can_be_made_of_such_arrays(recorded: Path) -> None:
    """Also in Python: analysis counts on what a trace holds."""
    import dataclasses

    good = omnisim.load_trace(recorded)
    firms = good.records["firms"]
    wrong = dataclasses.replace(firms, actions=np.full(firms.actions.shape, 10**9))
    with pytest.raises(TraceError, match=r"population0/actions\[0, 0\] is 1000000000"):
        dataclasses.replace(good, records={**good.records, "firms": wrong})


class TestSizes:
    """What a file would take in memory is known from its headers; nothing of it is allocated."""

    def measured(self, path: Path) -> tuple[str, int]:
        """What loading says, and the most memory it took, in a process of its own."""
        code = (
            "import resource, sys, omnisim\n"
            "from omnisim.trace import load_trace\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "try:\n    load_trace(sys.argv[1])\n    print('accepted')\n"
            "except omnisim.OmnisimError as refused:\n    print(refused)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
        )
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)  # noqa: S603
        said, grown = done.stdout.strip().splitlines()
        return said, int(grown) * 1024

    @pytest.mark.long
    @pytest.mark.skipif(os.name != "posix", reason="measured as POSIX systems tell it")
    def test_zeros_that_unpack_to_gigabytes(self, recorded: Path, tmp_path: Path) -> None:
        path = tmp_path / "trace.npz"
        path.write_bytes(recorded.read_bytes())
        add_zeros(path, "bases2", (2, 10**9 // 8))
        said, grown = self.measured(path)
        assert "unpacks to 2 GB" in said
        assert path.stat().st_size < 3_000_000
        assert grown < 100_000_000

    def test_more_than_there_is_memory(self, recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("omnisim.archives.physical_memory", lambda: 1000)
        assert "this machine has 1 kB of memory" in refused(recorded)

    @pytest.mark.long
    @pytest.mark.parametrize(
        "shape",
        [(10**12,), *(pytest.param(each, marks=pytest.mark.whole) for each in ((2**40, 2**40), (10**30,), (2**62, 0)))],
    )
    def test_a_header_that_says_more_than_there_is(
        self, shape: tuple[int, ...], recorded: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "trace.npz"
        with zipfile.ZipFile(recorded) as source, zipfile.ZipFile(path, "w") as target:
            for item in source.infolist():
                replaced = (
                    npy(shape) + bytes(8) * (0 not in shape) if item.filename == "outcomes.npy" else source.read(item)
                )
                target.writestr(item.filename, replaced)
        said, grown = self.measured(path)
        assert "outcomes" in said
        assert grown < 100_000_000

    def test_the_same_name_twice(self, recorded: Path, tmp_path: Path) -> None:
        path = tmp_path / "trace.npz"
        path.write_bytes(recorded.read_bytes())
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("outcomes.npy", npy((0,)))
        assert "two arrays named 'outcomes'" in refused(path)

    def test_python_objects_are_not_read(self, recorded: Path, tmp_path: Path) -> None:
        with np.load(recorded) as opened:
            arrays = dict(opened)
        arrays["outcomes"] = np.array([print], dtype=object)
        np.savez(tmp_path / "trace.npz", **arrays)
        assert "outcomes holds Python objects" in refused(tmp_path / "trace.npz")


def test_a_record_that_is_all_alike_may_be_small_on_disk(recorded: Path, tmp_path: Path) -> None:
    """Compression by itself is no crime: below a gigabyte it is not looked at."""
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("p", np.zeros((2000, 2, 1)))],
        adversary=omnisim.adversaries.Replay(np.zeros((300, 1))),
        forecaster=omnisim.forecasters.Climatology(),
    )
    path = tmp_path / "trace.npz"
    omnisim.simulate(scenario).save(path)
    assert omnisim.load_trace(path).rounds == 300


@pytest.mark.parametrize("population", [0, 1])
@pytest.mark.parametrize("name", ["heard", "defaulted", "settled_at"])
def test_what_comes_together(name: str, population: int, recorded: Path, tampered: Callable[..., Path]) -> None:
    line = refused(tampered(lambda arrays, _: arrays.pop(f"population{population}/{name}"), recorded))
    assert f"population{population}/" in line
    assert "a record has all of heard, defaulted, settled_at or none of them" in line


@pytest.mark.one_in(3)
@pytest.mark.parametrize("gone", [("evaluations",), ("potential",), ("potential", "evaluations")])
def test_a_forecaster_may_report_less(gone: tuple[str, ...], recorded: Path, tampered: Callable[..., Path]) -> None:
    path = tampered(lambda arrays, _: [arrays.pop(f"diagnostics/{name}") for name in gone], recorded)
    page = path.parent / "report.html"
    omnisim.write_report(omnisim.analyze(omnisim.load_trace(path)), page)
    assert "What the guarantee cost" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["A", "B"], "population 'firms' has 2 agent_names, the record has"),
        (["", "B", "C"] * 20, "agent_names"),
        ("ABC", "agent_names"),
    ],
)
def test_names_of_agents_are_checked(names: Any, says: str, tampered: Callable[..., Path]) -> None:
    def change(_: Any, header: Any) -> None:
        header["populations"][0]["agent_names"] = names

    assert says in refused(tampered(change))


@pytest.mark.parametrize("population", [0, 1])
def test_scales_of_limits_come_with_their_units(population: int, tampered: Callable[..., Path]) -> None:
    name = f"population{population}/limit_scale"
    assert f"{name}: population" in refused(tampered(lambda arrays, _: arrays.pop(name)))
    line = refused(tampered(lambda _, header: header["populations"][population].update(limit_units=[])))
    assert f"{name}: population" in line
