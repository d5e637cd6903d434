"""The results do not depend on where the runs are computed."""

import socket
from unittest import mock

import pytest
from small_comparison import assert_same, compared

import omnisim
from omnisim.errors import OmnisimError
from omnisim.workers import cluster


@pytest.fixture(scope="module")
def alone() -> omnisim.Comparison:
    return compared(seeds=3)


@pytest.mark.whole
def test_two_processes(alone: omnisim.Comparison) -> None:
    assert_same(compared(seeds=3, jobs=2), alone)


@pytest.mark.whole
def test_a_cluster_of_two_workers(alone: omnisim.Comparison) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        assert_same(compared(seeds=3, scheduler=cluster.scheduler_address), alone)


def test_a_cluster_that_is_not_there() -> None:
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with mock.patch.object(cluster, "PATIENCE", 1), pytest.raises(OmnisimError, match="cannot be reached"):
        compared(seeds=1, scheduler=address)


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://10.0.0.1", "10.0.0.1:", "tcp:// 10.0.0.1:8786", "a b:1"])
def test_an_address_without_a_port_is_refused_before_anybody_looks_for_it(address: str) -> None:
    library = mock.Mock()
    with (
        pytest.raises(OmnisimError, match=rf"^--scheduler {address}: is not an address: .* like tcp://10.0.0.1:8786$"),
        cluster.connected(library, address),
    ):
        pass
    library.Client.assert_not_called()


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tls://scheduler.example:1", "10.0.0.1:8786", "[::1]:8786"])
def test_addresses_are_taken(address: str) -> None:
    library = mock.Mock(CancelledError=OSError)
    with cluster.connected(library, address) as client:
        assert client is library.Client.return_value
