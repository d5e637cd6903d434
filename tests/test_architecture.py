"""The arrows between the parts of the package go one way, and what is promised to be public is there."""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import networkx as nx
import pytest
from modules import MODULES, ROOT, parsed

import omnisim

EVERYWHERE = {
    *("errors", "arrays", "products", "elementary", "suggest", "files", "streams", "snapshot", "_version"),
    "reproducibility",
    *("archives", "memory", "reading", "output_folder", "workers", "compiled", "terminal", "environment", "solver"),
    *("interruption", "plug_ins", "threads", "display", "frames", "by_value", "wording", "refusing"),
    *("signatures", "spreadsheets"),
}
"""Parts that any other may import."""

MAY_IMPORT = {
    "problem": set(),
    "game": {"problem"},
    "market": {"problem"},
    "batch": {"problem", "game"},
    "strategies": {"problem", "game", "batch"},
    "trace": {"problem"},
    "analysis": {"trace", "problem", "game"},
    "scenario": {"problem", "market", "strategies"},
    "simulation": {"scenario", "strategies", "problem", "trace"},
    "statistics": set(),
    "comparison": {"scenario", "simulation", "analysis", "strategies", "trace", "problem", "statistics"},
    "report": {"comparison", "statistics", "analysis", "trace", "problem"},
    "testing": {"strategies", "problem", "market"},
    "studies": {
        *("problem", "game", "batch", "market", "strategies", "trace", "analysis", "scenario", "simulation"),
        *("comparison", "statistics", "report"),
    },
    "value": {
        *("problem", "market", "strategies", "analysis", "scenario", "simulation", "statistics", "report"),
    },
    # Second names for users of what is at home in another part; inside of the package only the first one is used.
    "adversaries": {"strategies"},
    "elimination": {"strategies"},
    "figures": {"report"},
    "forecasters": {"strategies"},
    "learners": {"strategies"},
    "network": {"problem"},
}
"""What else a part may import, beside itself."""

OUTERMOST = {
    "__main__",
    "cli",
    "commands",
    "occupied",
    "progress",
    "run_directory",
    "tomorrow",
}
"""They put the others together; nothing but each other imports them."""

ONLY_IN = {"threadpoolctl": {"threads"}, "simpy": {"simulation"}, "networkx": {"simulation"}, "plotly": {"report"}}
"""Libraries with one importer."""


def part_of(module: Path) -> str:
    """The folder or file directly below the package; "" for the package itself."""
    first = module.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported(module: Path) -> Iterator[tuple[int, str]]:
    """Lines and names of all imports of a module, also inside functions, except those for type checkers only."""

    waiting: list[ast.AST] = [parsed(module)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            # "from omnisim import market" imports a part of the package by its first name.
            names = [f"omnisim.{alias.name}" for alias in node.names] if node.module == "omnisim" else [node.module]
            yield from ((node.lineno, str(name)) for name in names)
        elif not isinstance(node, ast.expr):  # no statement is in an expression
            waiting += ast.iter_child_nodes(node)


def test_imports_go_one_way() -> None:
    for module, (line, name) in ((each, found) for each in MODULES for found in imported(each)):
        part = part_of(module)
        library, _, rest = name.partition(".")
        where = f"{module.relative_to(ROOT.parent)}:{line}"
        if library in ONLY_IN:
            assert part in ONLY_IN[library], f"{where} imports {library}: only {ONLY_IN[library]} may"
        if library != "omnisim" or not rest:
            continue
        target = rest.split(".")[0]
        if target in EVERYWHERE | {part, "__version__"} or part in OUTERMOST:
            continue
        assert part not in EVERYWHERE, f"{where} imports {name}: {part} is below everything else"
        assert part in MAY_IMPORT, f"{where}: say in MAY_IMPORT what {part!r} may import"
        assert target in MAY_IMPORT[part], f"{where} imports {name}: {part} may import {sorted(MAY_IMPORT[part])}"


PAGES_OF_REPORT = {"run", "comparison", "study"}
"""Folders of ``report`` with a page each; what they share is beside them, and knows none of them."""

STATISTICS = ("blocks", "resampling", "intervals", "verdicts", "paired", "gains", "slopes", "diebold_mariano")
"""Modules of ``statistics``, each of which imports from the left of it only."""


def inside(module: Path, part: str) -> set[str]:
    """What a module imports from a part of the package: the first names below it."""
    found = set()
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    start = f"omnisim.{part}."
    return {name.removeprefix(start).split(".")[0] for name in found if name.startswith(start)}


def test_pages_know_nothing_of_each_other() -> None:
    for module in sorted((ROOT / "report").rglob("*.py")):
        own = module.relative_to(ROOT / "report").parts[0]
        # The package itself offers the page that people ask for.
        allowed = {own, "run"} if module == ROOT / "report" / "__init__.py" else {own}
        assert inside(module, "report") & PAGES_OF_REPORT <= allowed, module


@pytest.mark.parametrize("own", STATISTICS)
def test_the_laboratory_has_an_order(own: str) -> None:
    assert {module.stem for module in (ROOT / "statistics").glob("*.py")} == {"__init__", *STATISTICS}
    assert inside(ROOT / "statistics" / f"{own}.py", "statistics") <= set(STATISTICS[: STATISTICS.index(own)])


def test_the_arrows_make_no_circle() -> None:
    order: list[str] = []
    waiting = dict(MAY_IMPORT)
    while waiting:
        free = [part for part, needed in waiting.items() if needed <= set(order)]
        assert free, f"circle among {sorted(waiting)}"
        order += free
        for part in free:
            del waiting[part]


def test_every_module_says_what_it_is_for() -> None:
    assert [module for module in MODULES if not ast.get_docstring(parsed(module))] == []


def test_every_name_of_all_is_there() -> None:
    assert len(set(omnisim.__all__)) == len(omnisim.__all__)
    for name in omnisim.__all__:
        assert getattr(omnisim, name) is not None
    assert set(omnisim.__all__) <= set(dir(omnisim))
    with pytest.raises(AttributeError, match="omnisim attribute simulat"):
        omnisim.simulat  # noqa: B018


@pytest.mark.parametrize("package", ["omnisim", "omnisim.batch"])
def test_names_imported_on_first_use_are_listed_once(package: str) -> None:
    module = importlib.import_module(package)
    stub = ast.parse(Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8"))
    aliases = [alias for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert len(aliases) == sum(len(node.names) for node in stub.body)  # type: ignore[attr-defined]
    assert all(alias.asname == alias.name for alias in aliases), "told to type checkers as public"
    assert sorted(module.__all__) == sorted(alias.name for alias in aliases)


def namespaces() -> list[str]:
    return [name for name in omnisim.__all__ if inspect.ismodule(getattr(omnisim, name))]


SECOND_NAMES = {
    "adversaries": ["strategies.adversaries"],
    "elimination": ["strategies.elimination"],
    "figures": ["report.figures"],
    "forecasters": ["strategies.forecasters"],
    "learners": ["strategies.learners"],
    "network": ["problem.churn", "problem.delays", "problem.network"],
}
"""Namespaces that offer what is at home elsewhere, and where."""


@pytest.mark.parametrize(("namespace", "homes"), SECOND_NAMES.items())
def test_second_names_are_of_the_same_objects(namespace: str, homes: list[str]) -> None:
    second = importlib.import_module(f"omnisim.{namespace}")
    modules = [importlib.import_module(f"omnisim.{home}") for home in homes]
    for name in second.__all__:
        assert any(vars(home).get(name) is getattr(second, name) for home in modules), name
    defined = [node for node in ast.parse(inspect.getsource(second)).body if not isinstance(node, ast.ImportFrom)]
    assert len(defined) <= 2, f"omnisim.{namespace} has a docstring and a list of names, and nothing of its own"


def test_no_public_name_stands_for_two_things() -> None:
    found: dict[str, set[int]] = {}
    for space in ("", *namespaces()):
        owner = getattr(omnisim, space) if space else omnisim
        for name in set(owner.__all__) - {"__version__"}:
            found.setdefault(name, set()).add(id(getattr(owner, name)))
    several = {name for name, objects in found.items() if len(objects) > 1}
    # A learner on samples, and the forecaster that learns with it.
    assert several == {"Omnipredictor"}


PUBLIC = {
    "": [
        "Analysis",
        "Checkpoint",
        "Comparison",
        "LinearConstraint",
        "Mixture",
        "Money",
        "OmnisimError",
        "Population",
        "Rule",
        "Scenario",
        "Trace",
        "analyze",
        "compare",
        "load_comparison",
        "load_scenario",
        "load_trace",
        "simulate",
        "write_report",
    ],
    "elimination": [
        "BestResponse",
        "CumulativeThreshold",
        "FirstViolation",
        "SubsequenceFirstViolation",
        "SubsequenceThreshold",
    ],
    "forecasters": ["Climatology", "ConditionalMean", "Persistence", "Published", "RidgeAutoregression"],
    "network": [
        "Channel",
        "Churn",
        "Exponential",
        "GraphML",
        "Network",
        "PresenceInterval",
        "SmallWorld",
        "Star",
        "Tree",
    ],
    "adversaries": ["DemandResponse", "Independent", "Replay", "Seasonal", "Switching", "WorstCase"],
    "batch": [
        "calibrated_multiaccuracy",
        "direct_ensemble",
        "empirical_minimizers",
        "two_player",
        "two_player_calibrated_multiaccuracy",
    ],
    "figures": ["money_course", "prices", "regrets", "schedules", "violations"],
    "testing": ["check_adversary", "check_elimination", "check_forecaster", "check_learner", "check_population"],
}
"""What scripts outside the project rely on: names are added here, never taken away."""


def test_public_names_are_there_and_documented() -> None:
    for namespace, name in ((space, name) for space, names in PUBLIC.items() for name in names):
        owner = getattr(omnisim, namespace) if namespace else omnisim
        assert name in owner.__all__
        assert inspect.getdoc(getattr(owner, name)), f"{namespace}.{name}"


def test_parameters_that_scripts_rely_on() -> None:
    def defaults(make: object) -> dict[str, object]:
        parameters = inspect.signature(make).parameters.values()  # type: ignore[arg-type]
        return {p.name: p.default for p in parameters if p.default is not p.empty}

    elimination, forecasters = omnisim.elimination, omnisim.forecasters
    for rule in (elimination.CumulativeThreshold, elimination.SubsequenceThreshold):
        assert defaults(rule).items() >= {"gamma": None, "delta": 0.05}.items()
    assert defaults(elimination.FirstViolation)["feedback"] == "full"
    assert defaults(forecasters.Persistence)["lag"] == 1
    assert defaults(forecasters.Climatology)["window"] is None
    forecasters.RidgeAutoregression()
    omnisim.adversaries.WorstCase()
    omnisim.Population("p", [[[0.5]]], constraints=[])


def test_columns_that_scripts_rely_on() -> None:
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("p", [[[0.5]]])],
        adversary=omnisim.adversaries.Replay([[0.5]]),
        forecaster=omnisim.forecasters.Published([[0.5]]),
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario))
    agents = (
        "population agent subsequence rounds utility external_regret swap_regret benchmark_size ccv ccv_positive bias "
        "eliminated fallback_rounds money"
    )
    assert set(agents.split()) <= set(analysis.agents.columns)
    assert {"theorem", "scope", "measured", "bound", "holds"} <= set(analysis.certificates.columns)


def test_importing_the_package_imports_nothing_slow() -> None:
    slow = {"numpy", "pandas", "scipy", "plotly", "simpy", "networkx", "sklearn", "pydantic", "joblib", "pyarrow"}
    assert slow & loaded_by("import omnisim") == set()


@pytest.mark.long
def test_reading_a_scenario_imports_nothing_that_only_results_need() -> None:
    code = "import omnisim.commands.validating; omnisim.load_scenario('synthetic_seasonal')"
    assert {"pandas", "plotly", "sklearn", "pyarrow", "scipy.stats"} & loaded_by(code) == set()


def loaded_by(code: str) -> set[str]:
    """Names of the modules that have been imported once this has run in a process of its own."""
    said = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)  # noqa: S603
    return set(done.stdout.split())


NAMES = {
    ".".join(module.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): module
    for module in MODULES
}


def needed(name: str, known: Mapping[str, ast.AST]) -> set[str]:
    """The modules that must have run before this one: what it imports outside functions, and the packages of those.

    Its own packages need not have run to their end.
    """
    own = packages_of(name)
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.expr):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.orelse:
                visit(child)
            return
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            full = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            targets = [path if path in known else str(node.module) for path in full.values()]
        for target in targets:
            if target in known:
                found.update({target}, packages_of(target) - own)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(known[name])
    return found - {name}


def packages_of(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:i]) for i in range(1, len(parts))}


def circles(known: Mapping[str, ast.AST]) -> list[set[str]]:
    """Modules of which each needs the other; whichever is imported first fails, or finds the other half done."""
    graph = nx.DiGraph((name, other) for name in known for other in needed(name, known))
    return [found for found in nx.strongly_connected_components(graph) if len(found) > 1]


def test_modules_make_no_circle() -> None:
    assert not circles({name: parsed(module) for name, module in NAMES.items()})


def named(tree: ast.AST, known: Collection[str]) -> set[str]:
    """The modules that a module names in its imports, also inside functions; not those for type checkers only."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr):
            continue  # nothing is imported within
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            found |= named(ast.Module(node.orelse, []), known)
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {path if path in known else str(node.module) for path in full}
        found |= named(node, known)
    return {name for name in found if name in known}


def late_circles(known: Mapping[str, ast.AST]) -> list[set[str]]:
    """Modules of which each names the other in an import, if only inside a function: they are one, in two files."""
    graph = nx.DiGraph((name, other) for name, tree in known.items() for other in named(tree, known) - {name})
    return [found for found in nx.strongly_connected_components(graph) if len(found) > 1]


def test_functions_make_no_circle_of_modules_either() -> None:
    known = {name: parsed(module) for name, module in NAMES.items()}
    assert sum(len(named(tree, known)) for tree in known.values()) > len(known)
    assert not late_circles(known)


def test_a_circle_inside_functions_would_be_found() -> None:
    texts = {
        "a": "from b.one import x",
        "b": "import b.one",
        "b.one": "def f():\n    def g():\n        import c",
        "c": "",
    }
    trees = {name: ast.parse(text) for name, text in texts.items()}
    assert not late_circles(trees)
    assert late_circles(trees | {"c": ast.parse("class C:\n    def f(self): import a")}) == [{"a", "b.one", "c"}]
    assert late_circles(trees | {"c": ast.parse("def f():\n    from b import one")}) == [{"b.one", "c"}]
    assert not late_circles(trees | {"c": ast.parse("if TYPE_CHECKING:\n    import a")})


def test_a_circle_would_be_found() -> None:
    texts = {
        "a": "from a.one import x",
        "a.one": "import b.two",
        "b": "from b.three import y",
        "b.two": "",
        "b.three": "def f(): import a.four\nif TYPE_CHECKING:\n    import a.four",
        "a.four": "",
    }
    trees = {name: ast.parse(text) for name, text in texts.items()}
    assert not circles(trees)
    # Through the package of what is imported: b must run, and needs a.one, which is being imported.
    assert circles(trees | {"b.three": ast.parse("from a.one import x")})
    assert circles(trees | {"b.two": ast.parse("from a import one")})


@pytest.mark.long
def test_every_module_can_be_imported_first() -> None:
    code = f"""
import importlib, sys
for name in {list(NAMES)}:
    for known in [known for known in sys.modules if known.partition(".")[0] == "omnisim"]:
        del sys.modules[known]
    importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


PARTS_OF_A_RUN = {"problem", "market", "game", "strategies", "scenario", "simulation", "trace"}
LEARNT_IN_A_RUN = {"base_predictors", "cross_fitting", "merging", "predictor", "samples", "two_player_game"}
"""Modules of ``batch`` that forecasters learn with."""

PRODUCTS = {
    "dot",
    "matmul",
    "vdot",
    "inner",
    "einsum",
    "tensordot",
    "linalg",
    "convolve",
    "correlate",
    "cov",
    "corrcoef",
}
FUNCTIONS = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "power", "float_power", "cbrt"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "hypot"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
}


def rounded_by_the_processor(tree: ast.AST, compiled: bool = False) -> Iterator[tuple[int, str]]:
    """Lines and names of what libraries compute in ways that depend on the processor.

    In compiled functions, elementary functions are those of the C library.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield node.lineno, "@"
        if isinstance(node, ast.Attribute):
            of_numpy = isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy", "scipy")
            if node.attr == "dot" or (of_numpy and node.attr in PRODUCTS | (set() if compiled else FUNCTIONS)):
                yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and "linalg" in f"{node.module} {[alias.name for alias in node.names]}":
            yield node.lineno, "linalg"
        inside = isinstance(node, ast.FunctionDef) and any(
            word in ast.unparse(d) for d in node.decorator_list for word in ("njit", "compiled")
        )
        yield from rounded_by_the_processor(node, compiled or inside)


def test_what_a_run_computes_is_rounded_alike_on_every_processor() -> None:
    for module in MODULES:
        part = part_of(module)
        if part in PARTS_OF_A_RUN or (part == "batch" and module.stem in LEARNT_IN_A_RUN):
            found = list(rounded_by_the_processor(parsed(module)))
            assert not found, f"{module.relative_to(ROOT.parent)}: {found}: use omnisim.products or omnisim.elementary"


@pytest.mark.parametrize(
    "code",
    ["a @ b", "a @= b", "a.dot(b)", "np.einsum('i,i', a, b)", "np.linalg.solve(a, b)", "from scipy import linalg",
     "from numpy.linalg import solve", "np.exp(a)", "@numba.njit\ndef f(a, b):\n    return a @ b"],
)  # fmt: skip
def test_it_would_be_noticed(code: str) -> None:
    assert list(rounded_by_the_processor(ast.parse(code)))
    assert not list(rounded_by_the_processor(ast.parse("@numba.njit\ndef f(a):\n    return np.exp(a) * np.sqrt(a)")))
