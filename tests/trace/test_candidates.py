"""Who may play what, at the very round after which an action left, and violations of which one limit of two tells."""

import numpy as np

from omnisim.trace.candidates import has_candidate, has_left
from omnisim.trace.description import _without_a_cost

ONE_SET = np.array([True, False])


def test_an_action_is_a_candidate_up_to_the_round_after_which_it_leaves() -> None:
    left_at = np.array([[[3], [1]]])
    for t, expected in ((2, True), (3, True), (4, False)):
        assert has_candidate(t, left_at, ONE_SET).tolist() == [expected]
        assert has_left(t, np.array([0]), left_at, ONE_SET).tolist() == [not expected]
    assert not has_left(9, np.array([-1]), left_at, ONE_SET).any()


def test_one_limit_of_two_is_enough_for_a_violation() -> None:
    violated_at, actions = np.array([[[0]]]), np.array([[0]])
    assert not _without_a_cost(violated_at, actions, np.array([[[-0.1, 0.2]]])).any()
    assert _without_a_cost(violated_at, actions, np.array([[[-0.1, 0.0]]])).all()
