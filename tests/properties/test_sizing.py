"""Sizing: bounds and rounding."""

from __future__ import annotations

import fractions

from hypothesis import given
from hypothesis import strategies as st

from senlin_container.domain import model, plan, requests, sizing
from senlin_container.domain.requests import Adjustment
from tests import values
from tests.properties import strategies


def allows(size: sizing.Size) -> bool:
    """Whether a capacity is inside its bounds."""
    return size.min_size <= size.desired and (size.max_size == model.UNBOUNDED or size.desired <= size.max_size)


@st.composite
def resizings(draw: st.DrawFn) -> tuple[sizing.Size, requests.Resize]:
    """Draw a size and a request about it."""
    snapshot = draw(strategies.snapshots())
    return sizing.of(snapshot.cluster), draw(strategies.resizes(snapshot.cluster))


@given(resizings())
def test_a_resize_stays_in_bounds_or_says_why_not(case: tuple[sizing.Size, requests.Resize]) -> None:
    size, request = case
    low = size.min_size if request.min_size is None else request.min_size
    high = size.max_size if request.max_size is None else request.max_size
    found = sizing.resize(size, request)
    contradiction = high != model.UNBOUNDED and low > high
    if isinstance(found, plan.Refusal):
        assert request.strict or contradiction
        assert found.code in ("bounds", "below-min-size", "above-max-size")
        assert (found.code == "bounds") == contradiction
    else:
        assert not contradiction
        assert (found.min_size, found.max_size) == (low, high)
        assert allows(found)


@given(resizings())
def test_best_effort_changes_as_little_as_it_can(case: tuple[sizing.Size, requests.Resize]) -> None:
    size, request = case
    wanted = size.desired
    if request.adjustment is not None and request.number is not None:
        wanted = sizing.adjust(size.desired, request.adjustment, request.number, request.min_step)
    found = sizing.resize(size, request)
    if isinstance(found, plan.Refusal):
        tried = sizing.Size(
            desired=wanted,
            min_size=size.min_size if request.min_size is None else request.min_size,
            max_size=size.max_size if request.max_size is None else request.max_size,
        )
        assert not allows(tried)
    elif found.desired != wanted:
        assert not request.strict
        assert found.desired in (found.min_size, found.max_size)


@given(strategies.snapshots(), st.booleans(), st.integers(1, 15))
def test_a_scale_is_strict(snapshot: object, out: bool, count: int) -> None:
    assert hasattr(snapshot, "cluster")
    size = sizing.of(snapshot.cluster)
    found = sizing.scale(size, requests.Scale(out=out, count=count))
    wanted = sizing.Size(
        desired=size.desired + (count if out else -count), min_size=size.min_size, max_size=size.max_size
    )
    assert found == wanted if allows(wanted) else isinstance(found, plan.Refusal)


@given(st.integers(0, 1000), st.integers(-400, 400), st.one_of(st.none(), st.integers(0, 9)))
def test_a_percentage_is_cut_to_whole_nodes_and_moves_at_least_a_step(
    current: int, percent: int, min_step: int | None
) -> None:
    exact = fractions.Fraction(current * percent, 100)
    moved = sizing.adjust(current, Adjustment.PERCENTAGE, percent, min_step) - current
    if exact == 0:
        assert moved == 0
    else:
        assert abs(moved) == max(int(abs(exact)), min_step or 1)
        assert (moved > 0) == (exact > 0)


@given(st.integers(0, 1000), st.integers(-2000, 2000), st.one_of(st.none(), st.integers(0, 9)))
def test_a_step_matters_to_percentages_only(current: int, number: int, min_step: int | None) -> None:
    assert sizing.adjust(current, Adjustment.EXACT, number, min_step) == number
    assert sizing.adjust(current, Adjustment.CHANGE, number, min_step) == current + number


@given(st.integers(-1, 9), st.integers(-1, 9))
def test_bounds_contradict_each_other_only_when_both_bind(low: int, high: int) -> None:
    assert (sizing.check_bounds(low, high) is not None) == (high != -1 and low > high)


def test_the_size_of_a_cluster_is_what_was_asked_for() -> None:
    cluster = values.cluster(desired_capacity=3, min_size=1, max_size=5)
    assert sizing.of(cluster) == sizing.Size(desired=3, min_size=1, max_size=5)
