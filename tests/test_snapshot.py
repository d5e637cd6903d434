"""State that is stored and put back: nothing is lost, nothing is run."""

import copy
import datetime as dt
import io
import json
import math
import sys
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from omnisim import snapshot
from omnisim.errors import TraceError
from omnisim.snapshot import Snapshots
from omnisim.snapshot.decoder import _checked_bits


class Holder:
    """Anything, in attributes."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Slotted:
    __slots__ = ("_left", "right")

    def __init__(self, left: Any, right: Any) -> None:
        self._left, self.right = left, right


@dataclass(frozen=True, slots=True)
class Frozen:
    value: Any


class Colour(Enum):
    RED = 1


class Table:
    """Stands for what is built once."""


def roundtrip(old: Holder, new: Holder, kept: tuple[type, ...] = (), before: Any = None) -> Holder:
    """Through bytes, into another object; ``before`` is done to the old one once it is known."""
    takes, puts = (Snapshots({"holder": holder}, kept) for holder in (old, new))
    if before is not None:
        before(old)
    file = io.BytesIO()
    snapshot.write(file, takes.take())
    file.seek(0)
    puts.put(snapshot.read(file))
    return new


def back(value: Any) -> Any:
    return roundtrip(Holder(value=value), Holder(value="something else", more=1)).value


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**60, 2**200),
    st.floats(),
    st.text(),
    st.binary(max_size=5),
    st.dates(),
    st.sampled_from([np.float64(0.1), np.int64(-3), np.bool_(True), np.datetime64("2021-02-15"), np.str_("x")]),
    st.sampled_from([Colour.RED, Holder, slice(1, None, 2)]),
)
DTYPES = st.sampled_from(["f8", "f4", "i8", "i4", "u8", "?", "M8[D]", "U3"])
plain_arrays = DTYPES.flatmap(lambda d: hnp.arrays(np.dtype(d), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))


def alike(one: Any, other: Any) -> bool:
    """The same types and values, to the last bit, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        # numpy does not care about the strides of axes of length 1 and of empty arrays.
        matters = one.size > 0
        strides = [(s, t) for s, t, n in zip(one.strides, other.strides, one.shape, strict=True) if n > 1]
        return (
            (one.shape, one.dtype, one.flags.writeable) == (other.shape, other.dtype, other.flags.writeable)
            and one.tobytes() == other.tobytes()
            and (not matters or all(s == t for s, t in strides))
        )
    if isinstance(one, float):
        return math.copysign(1, one) == math.copysign(1, other) and (one == other or one != one)
    if isinstance(one, np.generic):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            alike(k, q) and alike(v, w) for (k, v), (q, w) in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, (list, tuple, deque)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, Slotted):
        return alike((one._left, one.right), (other._left, other.right))
    if isinstance(one, Frozen):
        return alike(one.value, other.value)
    if isinstance(one, Holder):
        return alike(one.__dict__, other.__dict__)
    return one == other


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    few = st.lists(inner, max_size=3)
    return st.one_of(
        few,
        few.map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(), st.tuples(st.integers(), st.text())), inner),
        few.map(lambda items: deque(items, maxlen=5)),
        st.builds(Slotted, inner, inner),
        st.builds(Frozen, inner),
        inner.map(lambda value: Holder(inside=value)),
        st.sets(st.integers()),
        st.frozensets(st.text(max_size=2)),
    )


@pytest.mark.long
@given(st.recursive(st.one_of(scalars, plain_arrays), containers, max_leaves=12))
def test_any_data_comes_back_as_it_was(value: Any) -> None:
    assert alike(back(value), value)


@st.composite
def layouts(draw: st.DrawFn) -> np.ndarray:
    """Arrays that lie in memory in all sorts of ways."""
    array = draw(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3), elements=st.floats(-9, 9)))
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["transpose", "fortran", "step", "reverse", "broadcast", "read-only", "copy"])):
            case "transpose":
                array = array.transpose(draw(st.permutations(range(array.ndim))))
            case "fortran":
                array = np.asfortranarray(array)
            case "step":
                array = array[:: draw(st.integers(1, 3))]
            case "reverse":
                array = array[::-1]
            case "broadcast":
                array = np.broadcast_to(array, (2, *array.shape))
            case "read-only":
                array = array.view()
                array.flags.writeable = False
            case "copy":
                array = array.copy(order="K")
    return array


@pytest.mark.long
@given(layouts())
def test_arrays_keep_their_layout(array: np.ndarray) -> None:
    found = back(array)
    assert alike(found, array)
    assert alike(back(found), array)  # what came back can be stored as well


@given(st.data())
def test_what_is_shared_stays_shared(data: st.DataObject) -> None:
    """Writing through one view shows in all the others, just as it would have."""
    base = np.arange(24.0).reshape(data.draw(st.sampled_from([(24,), (4, 6), (2, 3, 4)])))
    views = [base, base[1:], base[::-1], base.T, base.reshape(-1)[3:9]]
    old = Holder(views=views, again=views, first=views[0])
    new = roundtrip(old, Holder())
    assert new.again is new.views
    assert new.first is new.views[0]
    chosen = data.draw(st.integers(0, 4))
    for holder in (old, new):
        holder.views[chosen].flat[0] = -1.0
    assert alike(new.views, old.views)


def test_the_old_object_goes_its_own_way() -> None:
    old = Holder(array=np.zeros(3))
    takes = Snapshots({"holder": old})
    state = takes.take()
    old.array += 1
    new = Holder()
    Snapshots({"holder": new}).put(state)
    np.testing.assert_array_equal(new.array, 0)


def test_a_state_that_is_written_at_once_needs_no_copies() -> None:
    table = np.arange(12.0).reshape(3, 4)
    old = Holder(array=table, other=np.asfortranarray(table)[:, ::2], turned=table.T.copy().T, flags=table > 3)
    takes = Snapshots({"holder": old})
    (tree, arrays), (same, copies) = takes.take(copy=False), takes.take()
    assert tree == same
    own = [old.array, old.turned, old.flags, old.other.base]
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, copies[name])
        assert array.flags.c_contiguous
        assert any(np.shares_memory(array, each) for each in own)
        assert not any(np.shares_memory(copies[name], each) for each in own)
    assert len(arrays) == 4


def test_circles_come_back_as_circles() -> None:
    old = Holder(name="old", children=[])
    old.children.append(Holder(parent=old))
    old.children.append(old.children)
    new = roundtrip(old, Holder())
    assert new.children[0].parent is new
    assert new.children[1] is new.children


@pytest.mark.parametrize(
    "bits", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]
)
def test_generators_go_on_where_they_were(bits: type) -> None:
    old = Holder(rng=np.random.Generator(bits(3)))
    old.same = old.rng
    old.rng.random(7), old.rng.integers(0, 9, dtype=np.int32), old.rng.normal()
    new = roundtrip(old, Holder())
    assert new.same is new.rng
    for draw in ("random", "standard_normal", "integers"):
        arguments = (0, 100, 5) if draw == "integers" else (5,)
        np.testing.assert_array_equal(getattr(new.rng, draw)(*arguments), getattr(old.rng, draw)(*arguments))


def test_what_is_built_once_is_kept() -> None:
    """Not stored, but found again in the same place; also when it has moved since."""

    def built() -> Holder:
        table = Table()
        return Holder(tables=[table, Table()], function=lambda: table, best=None, method=None)

    def move(holder: Holder) -> None:
        holder.best, holder.tables = holder.tables[1], holder.tables[::-1]
        holder.method = holder.function

    old, new = built(), built()
    tables, function = list(new.tables), new.function
    roundtrip(old, new, (Table,), move)
    assert new.best is tables[1]
    assert new.tables == tables[::-1]
    assert new.method is new.function is function


def test_a_dictionary_keeps_its_factory() -> None:
    old, new = (Holder(counts=defaultdict(lambda: 7, a=1)) for _ in range(2))
    found = roundtrip(old, new, before=lambda holder: holder.counts["b"]).counts
    assert dict(found) == {"a": 1, "b": 7}
    assert found["c"] == 7


class Careful:
    """Says itself what is to be copied."""

    def __init__(self) -> None:
        self.read, self.source = [1, 2], iter([1])

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"source": None}


def test_an_object_says_itself_what_it_remembers() -> None:
    found = back(Careful())
    assert (found.read, found.source) == ([1, 2], None)


class Dictionary(dict):
    pass


class Number(float):
    pass


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (iter([1]), "list_iterator"),
        ((n for n in range(3)), "generator"),
        (io.StringIO(), "StringIO"),
        (np.array([object()]), "array of object"),
        (Dictionary(a=1), "Dictionary"),
        (Number(0.5), "Number"),
        (memoryview(b"x"), "memoryview"),
    ],
)
def test_what_is_not_data_is_refused_by_name(value: Any, what: str) -> None:
    holder = Holder(deep=[{"key": None}])
    takes = Snapshots({"holder": holder})
    holder.deep[0]["key"] = value
    with pytest.raises(TraceError, match=rf"holder\.deep\[0\]\['key'\] is an? .*{what}"):
        takes.take()


def test_a_library_object_that_changes_in_place_is_refused() -> None:
    """It would be kept as it was built, and what it has learnt since be lost without a word."""
    with pytest.raises(TraceError, match=r"holder\.file is a _io:BytesIO"):
        Snapshots({"holder": Holder(file=io.BytesIO(b"x"))}).take()


def test_classes_inside_functions_are_found_where_they_are_used_from_the_start() -> None:
    class Local:
        def __init__(self, value: int) -> None:
            self.value = value

    def change(holder: Holder) -> None:
        holder.local.value = 7

    old, new = Holder(local=Local(1)), Holder(local=Local(2))
    assert roundtrip(old, new, before=change).local.value == 7
    holder = Holder()
    takes = Snapshots({"holder": holder})
    holder.local = Local(3)
    with pytest.raises(TraceError, match=r"holder\.local is a .*<locals>\.Local: a class inside a function cannot be"):
        takes.take()


class TestHostileFiles:
    """A file can name classes; none is imported, called, or taken from where the parties do not come from."""

    def stored(self) -> Any:
        return json.loads(json.dumps(Snapshots({"holder": Holder(a=Frozen(1), b=Holder)}).take()[0]))

    def put(self, tree: Any) -> None:
        Snapshots({"holder": Holder()}).put((tree, {}))

    def renamed(self, old: str, new: str) -> Any:
        return json.loads(json.dumps(self.stored()).replace(f"{Frozen.__module__}:{old}", new))

    def test_the_file_as_it_was_is_taken(self) -> None:
        self.put(self.stored())

    @pytest.mark.parametrize("name", ["subprocess:Popen", "builtins:type", "numpy:ndarray", "os:system", "io:FileIO"])
    def test_no_class_of_elsewhere(self, name: str) -> None:
        with pytest.raises(TraceError, match=f"the state names the class {name}, which is of none of"):
            self.put(self.renamed("Frozen", name))

    def test_nothing_is_imported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hidden = "omnisim.studies.scaling.prose"
        monkeypatch.delitem(sys.modules, hidden, raising=False)
        with pytest.raises(TraceError, match=r"the state is damaged, or of other objects \(KeyError"):
            self.put(self.renamed("Frozen", f"{hidden}:Anything"))
        assert hidden not in sys.modules

    def test_a_function_is_no_class(self) -> None:
        with pytest.raises(TraceError, match=r"names the class omnisim\.snapshot:write: it is a function"):
            self.put(self.renamed("Frozen", "omnisim.snapshot:write"))

    def test_constructors_are_not_called(self) -> None:
        class Loud:
            def __init__(self) -> None:
                raise AssertionError

        module = sys.modules[Holder.__module__]
        module.Loud = Loud
        try:
            tree = self.renamed("Frozen", f"{Holder.__module__}:Loud")
            self.put(tree)
        finally:
            del module.Loud

    def test_no_pickle(self) -> None:
        file = io.BytesIO()
        np.savez(file, json=np.array([print], dtype=object))
        file.seek(0)
        with pytest.raises(TraceError, match="is damaged, or not a state"):
            snapshot.read(file)


def test_a_state_of_other_objects_is_refused() -> None:
    state = Snapshots({"holder": Holder(a=1)}).take()
    with pytest.raises(TraceError, match=r"the state is of \['holder'\], not of \['other'\]"):
        Snapshots({"other": Holder()}).put(state)
    with pytest.raises(TraceError, match=r"the state of holder is that of a .*Holder: here it is a .*Table"):
        Snapshots({"holder": Table()}).put(state)


@given(st.data())
def test_damage_is_said_in_one_line(data: st.DataObject) -> None:
    """Cut short or with a byte changed it is refused, unless the byte was of no consequence."""
    file = io.BytesIO()
    holder = Holder(array=np.arange(5.0), frozen=Frozen([1, "x"]), day=dt.date(2021, 2, 15))
    snapshot.write(file, Snapshots({"holder": holder}).take())
    whole = bytearray(file.getvalue())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    new = copy.deepcopy(holder)
    try:
        Snapshots({"holder": new}).put(snapshot.read(io.BytesIO(bytes(whole))))
    except TraceError as refused:
        assert "\n" not in str(refused)
    else:
        assert alike(new, holder)


def test_a_queue_keeps_its_longest_length() -> None:
    found = back(deque([1, 2, 3], maxlen=3))
    found.append(4)
    assert (list(found), found.maxlen) == ([2, 3, 4], 3)
    assert back(deque([1])).maxlen is None


def test_elements_of_a_set_are_stored_in_an_order_that_does_not_depend_on_the_run() -> None:
    names = {f"name {k}" for k in range(40)}
    tree, _ = Snapshots({"holder": Holder(value=names)}).take()
    assert [node["set"] for node in tree["nodes"] if "set" in node] == [sorted(names)]


@pytest.mark.parametrize(("place", "fits"), [(0, True), (624, True), (625, False), (-1, False)])
def test_a_generator_stands_inside_its_buffer(place: int, fits: bool) -> None:
    state = np.random.MT19937(1).state
    state["state"]["pos"] = place
    if fits:
        assert _checked_bits(state) is state
        return
    with pytest.raises(TraceError, match=rf"has pos {place}, must be in 0\.\.624"):
        _checked_bits(state)
