"""Names and what they stand for; modules and packages that add to them."""

import importlib
import math
import os
import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from pydantic import BaseModel
from scenario_files import omnisim_commands_elsewhere, write_scenario

from omnisim.errors import ScenarioError
from omnisim.scenario import registry
from omnisim.scenario.describe import describe, meanings_of
from omnisim.scenario.document import check_table
from omnisim.scenario.schema import Schema
from omnisim.scenario.table_models import parameters, table_model

SMOOTHING = '''
import numpy as np

from omnisim.strategies.forecasters.base import Forecaster


class ExponentialSmoothing(Forecaster):
    """Predicts an exponentially weighted mean of past outcomes."""

    def __init__(self, rate: float = 0.3) -> None:
        if not 0 < rate <= 1:
            raise ValueError(f"rate must lie in (0, 1], got {rate}")
        self.rate = rate

    def _start(self):
        self._level = np.full(self.service.dimension, 0.5)

    def _predict(self, context):
        return self._level

    def _update(self, outcome):
        self._level = self._level + self.rate * (outcome - self._level)
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to import from; what is registered or imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_added", {kind: {} for kind in registry.EXTENSIBLE})
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]


class TestNames:
    @pytest.mark.parametrize("kind", registry.KINDS)
    def test_all_of_them_stand_for_something_with_a_description(self, kind: str) -> None:
        names = registry.names(kind)
        assert len(names) == len(set(names)) > 0
        for name in names:
            assert callable(registry.find(kind, name))
            signature, summary = describe(kind, name)
            assert signature.split("  ")[0] == name
            assert summary.endswith(".")

    def test_classes_are_registered_under_their_name_in_snake_case(self) -> None:
        for kind in ("forecasters", "elimination", "adversaries", "populations"):
            for name, target in registry.KINDS[kind].items():
                assert name == registry.snake_case(target.partition(":")[2])

    def test_an_unknown_kind(self) -> None:
        with pytest.raises(ScenarioError, match=r"there is no kind 'forecaster': did you mean 'forecasters'\?"):
            registry.names("forecaster")
        with pytest.raises(ScenarioError, match="there is no kind 'nothing'"):
            registry.find("nothing", "x")

    def test_an_unknown_name(self) -> None:
        with pytest.raises(ScenarioError, match=r"'persistance' is not among the forecasters: did you mean 'persist"):
            registry.find("forecasters", "persistance")

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("Persistence", "persistence"), ("ARModel", "ar_model"), ("Lear2X", "lear2_x"), ("HTTPServer", "http_server")],
    )
    def test_snake_case(self, name: str, expected: str) -> None:
        assert registry.snake_case(name) == expected


def test_a_parameter_means_what_the_class_itself_says_of_it() -> None:
    class Base:
        """A strategy.

        Parameters
        ----------
        lag
            In rounds.
        rate, step
            Of learning.
        """

    class Own(Base):
        """Another.

        Parameters
        ----------
        lag
            In days.
        """

    assert meanings_of("forecasters", Own) == {"lag": "In days.", "rate": "Of learning.", "step": "Of learning."}


class TestPluginModules:
    def test_public_strategies_are_registered(self, module: Path) -> None:
        (module / "toolbox.py").write_text(SMOOTHING + "\nclass _Hidden(ExponentialSmoothing): ...\n")
        assert registry.add_plugin("toolbox") == ["forecasters: exponential_smoothing"]
        assert registry.names("forecasters")[-1] == "exponential_smoothing"
        assert registry.find("forecasters", "exponential_smoothing").__name__ == "ExponentialSmoothing"

    def test_adding_twice_does_no_harm(self, module: Path) -> None:
        (module / "toolbox.py").write_text(SMOOTHING)
        assert registry.add_plugin("toolbox") == registry.add_plugin("toolbox")

    def test_what_a_module_only_imports_is_not_its_own(self, module: Path) -> None:
        (module / "toolbox.py").write_text("from omnisim.strategies.forecasters import Persistence\n")
        with pytest.raises(ScenarioError, match="--plugin toolbox: defines no class derived from omnisim's Forecaster"):
            registry.add_plugin("toolbox")

    def test_a_class_that_is_not_complete_is_named(self, module: Path) -> None:
        (module / "toolbox.py").write_text(
            "from omnisim.forecasters import Forecaster\nclass Mine(Forecaster):\n    def predict_it(self): ...\n"
        )
        with pytest.raises(ScenarioError, match=r"that is complete: Mine lacks _predict$"):
            registry.add_plugin("toolbox")

    def test_a_taken_name(self, module: Path) -> None:
        (module / "toolbox.py").write_text(SMOOTHING.replace("ExponentialSmoothing", "Persistence"))
        with pytest.raises(ScenarioError, match="--plugin toolbox: the name 'persistence' is taken among the forecas"):
            registry.add_plugin("toolbox")

    def test_a_rule_and_a_learner_of_one_name(self, module: Path) -> None:
        """A scenario file names both under ``elimination``."""
        (module / "toolbox.py").write_text(
            "from omnisim.learners import Learner\n\n\nclass BestResponse(Learner):\n"
            "    def _reset(self): ...\n\n    def _learn(self, utilities, costs): ...\n"
        )
        with pytest.raises(ScenarioError, match="the name 'best_response' is taken among the elimination"):
            registry.add_plugin("toolbox")

    def test_two_modules_with_one_name(self, module: Path) -> None:
        for name in ("one", "two"):
            (module / f"{name}.py").write_text(SMOOTHING)
        registry.add_plugin("one")
        with pytest.raises(ScenarioError, match="--plugin two: the name 'exponential_smoothing' is taken"):
            registry.add_plugin("two")

    @pytest.mark.parametrize(
        ("source", "wanted"),
        [
            ("1 / 0", "ZeroDivisionError: division by zero"),
            ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
            ("def (", "SyntaxError: "),
            ("raise SystemExit(3)", "SystemExit: 3"),
        ],
    )
    def test_a_module_that_raises(self, module: Path, source: str, wanted: str) -> None:
        (module / "toolbox.py").write_text(source)
        with pytest.raises(ScenarioError, match=f"^--plugin toolbox: cannot be imported: {wanted}"):
            registry.add_plugin("toolbox")

    @pytest.mark.parametrize("name", ["no_such_module", "toolbox.py", "", "..x"])
    def test_a_module_that_does_not_exist(self, module: Path, name: str) -> None:
        with pytest.raises(ScenarioError, match=rf"^--plugin {name}: cannot be imported: .*such as my_forecasters\)$"):
            registry.add_plugin(name)


class TestWhatIsMadeOnce:
    """The form of scenario files, as long as nothing else is registered."""

    @pytest.mark.long
    def test_it_follows_what_is_registered(self, module: Path) -> None:
        (module / "toolbox.py").write_text(SMOOTHING)
        before = Schema().document
        assert Schema().document is before
        assert "kind_exponential_smoothing" not in Schema().json_schema()["$defs"]
        registry.add_plugin("toolbox")
        assert "kind_exponential_smoothing" in Schema().json_schema()["$defs"]
        assert check_table("forecaster", {"kind": "exponential_smoothing"}, "forecasters").rate == 0.3

    @pytest.mark.long
    def test_a_package_that_is_installed_meanwhile_is_seen_and_one_that_is_mended_works(self, module: Path) -> None:
        os.utime(module, (1, 1))  # what happens within one tick of the clock could not be told apart
        assert "smooth" not in registry.names("forecasters")
        info = module / "someone_else-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: someone-else\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[omnisim.forecasters]\nsmooth = someone_else:ExponentialSmoothing\n")
        assert "smooth" in registry.names("forecasters")
        with pytest.raises(ScenarioError, match="fails to load: No module named 'someone_else'"):
            check_table("forecaster", {"kind": "smooth"}, "forecasters")
        (module / "someone_else.py").write_text(SMOOTHING)
        importlib.invalidate_caches()
        assert check_table("forecaster", {"kind": "smooth", "rate": 0.5}, "forecasters").rate == 0.5


class TestParameters:
    def test_come_from_the_signature(self) -> None:
        def strategy(rate: float, *rest: int, names: tuple[str, ...] = ("a",), **more: int) -> None:
            """A strategy."""

        assert [parameter.name for parameter in parameters(strategy)] == ["rate", "names"]
        model = table_model("mine", strategy, "kind", BaseModel)
        assert model.model_validate({"kind": "mine", "rate": 1}).names == ["a"]  # type: ignore[attr-defined]
        given = model.model_validate({"kind": "mine", "rate": 1.5, "names": ["b", "c"]})
        assert (given.rate, given.names) == (1.5, ("b", "c"))  # type: ignore[attr-defined]

    def test_an_annotation_of_nothing(self) -> None:
        def strategy(rate: "Missing") -> None:  # type: ignore[name-defined] # noqa: F821
            """A strategy."""

        with pytest.raises(
            ScenarioError, match=r"the plug-in .*strategy: has an annotation that cannot be resolved \(name 'Mis"
        ):
            parameters(strategy)


class TestEntryPoints:
    """An installed package: its ``*.dist-info`` on the path of another process."""

    def test_ours_are_not_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        points = [EntryPoint(name, "math:sqrt", "omnisim.forecasters") for name in ("persistence", "smooth")]
        monkeypatch.setattr(registry, "_installed", lambda _places: EntryPoints(points))
        names = registry.names("forecasters")
        assert names == [*registry.KINDS["forecasters"], "smooth"]
        assert registry.find("forecasters", "persistence").__name__ == "Persistence"
        assert registry.find("forecasters", "smooth") is math.sqrt

    def package(self, folder: Path, points: str, source: str = SMOOTHING) -> dict[str, str]:
        info = folder / "site" / "someone_else-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: someone-else\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(textwrap.dedent(points))
        (folder / "site" / "someone_else.py").write_text(source)
        return {"PYTHONPATH": str(folder / "site")}

    @pytest.mark.whole
    def test_offer_strategies(self, tmp_path: Path) -> None:
        environment = self.package(
            tmp_path, "[omnisim.forecasters]\nsmooth = someone_else:ExponentialSmoothing\npersistence = nothing:X\n"
        )
        out = tmp_path / "out"
        run = ["run", write_scenario(tmp_path), "--out", out, "--set", "forecaster={kind='smooth', rate=0.5}"]
        listed, ran = omnisim_commands_elsewhere([["list", "forecasters"], run], environment=environment)
        assert "smooth  rate=0.3\n    Predicts an exponentially weighted mean of past outcomes.\n" in listed.out
        assert "persistence  lag=1\n" in listed.out  # ours cannot be replaced
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.splitlines()[-1] == str(out / "report.html")

    @pytest.mark.parametrize(
        ("point", "source", "says"),
        [
            ("mine = someone_else:Missing", SMOOTHING, "fails to load: AttributeError: module 'someone_else' has no"),
            *(
                pytest.param(f"mine = {point}:X", source, says, marks=pytest.mark.long)
                for point, source, says in (
                    ("no_such_module", SMOOTHING, "fails to load: No module named 'no_such_module'"),
                    ("someone_else", "raise SystemExit(3)", "fails to load: 3"),
                    ("someone_else", "def (", "fails to load: "),
                    ("someone_else", "X = 3", "is no class: it is 3"),
                    ("someone_else", "def X(rate: 'Nothing'): ...", "has an annotation that cannot be resolved"),
                )
            ),
        ],
    )
    @pytest.mark.whole
    def test_that_fail_to_load_stop_only_those_who_use_them(
        self, tmp_path: Path, point: str, source: str, says: str
    ) -> None:
        environment = self.package(tmp_path, f"[omnisim.forecasters]\n{point}\n", source)
        path = write_scenario(tmp_path)
        valid, listed, schema, used, compared = omnisim_commands_elsewhere(
            [
                ["validate", path],
                ["list", "forecasters"],
                ["validate", "--schema"],
                ["validate", path, "--set", "forecaster.kind=mine"],
                ["compare", path, "--forecasters", "mine", "--out", tmp_path / "out"],
            ],
            environment=environment,
        )
        assert (valid.code, valid.err) == (0, "")
        assert (listed.code, listed.err) == (0, "")
        assert "persistence  lag=1\n" in listed.out
        assert says in listed.out
        assert (schema.code, schema.err) == (0, "")
        assert used.code == 1
        assert says in used.err
        assert used.err.count("\n") == 1
        assert compared.code == 1
        assert says in compared.err
