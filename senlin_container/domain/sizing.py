"""How big a cluster is to be: adjustments, bounds, strict or best effort."""

from __future__ import annotations

import dataclasses
import math

from senlin_container.domain import model, requests
from senlin_container.domain.plan import Refusal

CAPACITY_LIMIT = 2**31 - 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A capacity and its bounds (``max_size`` -1: none)."""

    desired: int
    min_size: int
    max_size: int


def of(cluster: model.Cluster) -> Size:
    """Return the size a cluster has been asked to have."""
    return Size(desired=cluster.desired_capacity, min_size=cluster.min_size, max_size=cluster.max_size)


def adjust(current: int, adjustment: requests.Adjustment, number: float, min_step: int | None) -> int:
    """Return the capacity that an adjustment asks for, bounds left aside.

    A percentage is rounded towards zero, but moves by one node at least (by ``min_step`` where one is given).
    """
    match adjustment:
        case requests.Adjustment.EXACT:
            return int(number)
        case requests.Adjustment.CHANGE:
            return current + int(number)
        case requests.Adjustment.PERCENTAGE:
            exact = current * number / 100
            if exact == 0:
                return current
            step = max(int(math.fabs(exact)), min_step or 1, 1)
            return current + int(math.copysign(step, exact))


def resize(size: Size, request: requests.Resize) -> Size | Refusal:
    """Return the size that a resize leads to, or why it is refused."""
    low = size.min_size if request.min_size is None else request.min_size
    high = size.max_size if request.max_size is None else request.max_size
    refusal = check_bounds(low, high) if request.min_size is not None and request.max_size is not None else None
    refusal = refusal or _check_new_bound(size, request)
    if refusal is not None:
        return refusal
    if request.adjustment is None or request.number is None:
        kept = Size(desired=size.desired, min_size=low, max_size=high)
        return _keep(kept) if request.strict else fit(kept, strict=False)
    desired = adjust(size.desired, request.adjustment, request.number, request.min_step)
    return fit(Size(desired=desired, min_size=low, max_size=high), strict=request.strict)


def scale(size: Size, request: requests.Scale) -> Size | Refusal:
    """Return the size that adding or removing a number of nodes leads to; bounds are strict."""
    desired = size.desired + (request.count if request.out else -request.count)
    return fit(dataclasses.replace(size, desired=desired), strict=True)


def fit(size: Size, *, strict: bool) -> Size | Refusal:
    """Refuse a capacity outside its bounds (``strict``), or cut it to them."""
    low = max(size.min_size, 0)
    high = CAPACITY_LIMIT if size.max_size == model.UNBOUNDED else size.max_size
    if low <= size.desired <= high:
        return size
    if not strict:
        return dataclasses.replace(size, desired=min(max(size.desired, low), high))
    if size.desired < low:
        return Refusal(
            code="below-min-size",
            reason=f"The target capacity ({size.desired}) is less than the cluster's min_size ({low}).",
        )
    return Refusal(
        code="above-max-size",
        reason=f"The target capacity ({size.desired}) is greater than the cluster's max_size ({high}).",
    )


def check_bounds(low: int, high: int) -> Refusal | None:
    """Refuse bounds that nothing can satisfy."""
    if high != model.UNBOUNDED and low > high:
        return Refusal(
            code="bounds", reason=f"The specified min_size ({low}) is greater than the specified max_size ({high})."
        )
    return None


def _check_new_bound(size: Size, request: requests.Resize) -> Refusal | None:
    """Check a bound that is given alone against the other, which the cluster keeps."""
    low, high = request.min_size, request.max_size
    if high is not None and low is None and model.UNBOUNDED < high < size.min_size:
        return Refusal(
            code="bounds",
            reason=f"The specified max_size ({high}) is less than the current min_size ({size.min_size}) of the "
            "cluster.",
        )
    if low is not None and high is None and model.UNBOUNDED < size.max_size < low:
        return Refusal(
            code="bounds",
            reason=f"The specified min_size ({low}) is greater than the current max_size ({size.max_size}) of the "
            "cluster.",
        )
    return None


def _keep(size: Size) -> Size | Refusal:
    """Check new bounds, given alone and strict, against the capacity that the cluster keeps."""
    if size.desired < size.min_size:
        return Refusal(
            code="below-min-size",
            reason=f"The specified min_size ({size.min_size}) is greater than the current desired_capacity "
            f"({size.desired}) of the cluster.",
        )
    if size.max_size != model.UNBOUNDED and size.desired > size.max_size:
        return Refusal(
            code="above-max-size",
            reason=f"The specified max_size ({size.max_size}) is less than the current desired_capacity "
            f"({size.desired}) of the cluster.",
        )
    return size
