"""Victims: against a slow reference, and what must hold whatever the reference says."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from senlin_container.domain import model, victims
from senlin_container.domain.model import NodeStatus
from tests.properties import strategies

MEMBERS = strategies.members(["h0", "h1", "h2"])
RANKS = {NodeStatus.ERROR: 0, NodeStatus.INIT: 1, NodeStatus.WARNING: 2}


def rank(node: model.Node) -> int:
    """Return how soon a node goes: not well, tainted, or the rest."""
    return RANKS.get(node.status, 3 if node.tainted else 4)


def slowly(nodes: Sequence[model.Node], count: int) -> list[str]:
    """Take one at a time."""
    left, gone = list(nodes), []
    while len(gone) < count and left:
        crowds = strategies.crowds([node for node in left if rank(node) == 4])

        def order(node: model.Node, crowds: dict[str | None, int] = crowds) -> tuple[float, ...] | tuple[object, ...]:
            crowd = -crowds[node.host_id] if rank(node) == 4 else 0
            return (rank(node), crowd, not node.tainted, -node.init_at, node.id)

        victim = min(left, key=order)
        left.remove(victim)
        gone.append(victim.id)
    return gone


@given(MEMBERS, st.integers(0, 14))
def test_chooses_what_the_reference_chooses(nodes: tuple[model.Node, ...], count: int) -> None:
    chosen = victims.choose(nodes, count)
    assert [node.id for node, _ in chosen] == slowly(nodes, count)


@given(MEMBERS, st.data())
def test_exactly_as_many_as_asked_each_with_a_reason(nodes: tuple[model.Node, ...], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(nodes)))
    chosen = victims.choose(nodes, count)
    assert len({node.id for node, _ in chosen}) == len(chosen) == count
    assert all(node in nodes and why for node, why in chosen)


@given(MEMBERS, st.data())
def test_nobody_well_goes_while_somebody_unwell_stays(nodes: tuple[model.Node, ...], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(nodes)))
    gone = {node.id for node, _ in victims.choose(nodes, count)}
    going = [rank(node) for node in nodes if node.id in gone]
    staying = [rank(node) for node in nodes if node.id not in gone]
    assert not going or not staying or max(going) <= min(staying)


@given(MEMBERS, st.data())
def test_what_remains_is_spread_and_the_young_go_first(nodes: tuple[model.Node, ...], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(nodes)))
    gone = {node.id for node, _ in victims.choose(nodes, count)}
    well_gone = [node for node in nodes if node.id in gone and rank(node) == 4]
    left = [node for node in nodes if node.id not in gone and rank(node) == 4]
    crowds = strategies.crowds(left)
    for victim in well_gone:
        assert crowds.get(victim.host_id, 0) + 1 >= max(crowds.values(), default=0)
        neighbours = [node for node in left if node.host_id == victim.host_id]
        assert all(node.init_at <= victim.init_at for node in neighbours)


@given(MEMBERS, st.integers(0, 12), st.randoms(use_true_random=False))
def test_the_order_of_the_nodes_does_not_matter(nodes: tuple[model.Node, ...], count: int, chance: object) -> None:
    shuffled = list(nodes)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert victims.choose(shuffled, count) == victims.choose(nodes, count)
