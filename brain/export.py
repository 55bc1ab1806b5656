"""A brain for other programs: one ONNX graph that answers as `Brain.safety_factors` does.

The graph is put together node by node, so that no export needs torch, and holds all that decides
the advice: the ratio the brain is told, its constants, the net and every bound.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import ndtr, ndtri

from brain.brain import Brain
from brain.centre import CHEAPEST, DEAREST, HIGHEST_SHIFTED, LOWEST_SHIFTED, Centre
from data.errors import ConfigurationError, PlannerError
from envs.observation import features, ratio_feature, size
from envs.policies import HIGHEST_Z, LOWEST_Z

if TYPE_CHECKING:
    import onnx

INPUT, OUTPUT = "observations", "safety_factors"
OPSET, IR_VERSION = 17, 8
"""Old enough for every runtime of the last years."""
DEGREE = 30
"""Of the polynomials that stand for the normal distribution: they are right to 1e-8."""
TOLERANCE = 1e-4
"""By which a graph may differ from its brain before it is thrown away [1]; it is 1e-6 or so."""


def write_onnx(brain: Brain, path: Path, overwrite: bool = False) -> None:
    """Write `brain` to an ONNX file, whole or not at all.

    Raises:
        ConfigurationError: something stands at `path`, or onnx is not installed.
        PlannerError: the graph does not answer as the brain does.
    """
    path = Path(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigurationError(
            f"{path} exists already; give another --onnx"
            + ("" if path.is_dir() else ", or --overwrite to replace it")
        )
    content = onnx_model(brain).SerializeToString()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    finally:
        Path(scratch).unlink(missing_ok=True)


def onnx_model(brain: Brain) -> onnx.ModelProto:
    """The graph: observations (N, size) to z (N, M), both float32; every answer checked on a few.

    Raises:
        ConfigurationError: onnx is not installed.
        PlannerError: the graph does not answer as the brain does.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError as problem:
        raise ConfigurationError(
            "an export needs onnx, which is not installed; run pip install 'echelon-planner[onnx]'"
        ) from problem
    stages = brain.card.stages
    graph = _Graph()
    _advice(graph, brain)
    shown = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", size(stages)])
    said = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", stages])
    model = helper.make_model(
        helper.make_graph(graph.nodes, brain.id, [shown], [said], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="echelon-planner",
    )
    about = {
        "brain": brain.id,
        "observation_version": str(brain.card.observation_version),
        "features": ",".join(features(stages)),
    }
    helper.set_model_props(model, about)
    checker.check_model(model, full_check=True)
    _compare(model, brain)
    return model


class _Graph:
    """Nodes and constants, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Any, dtype: type = np.float64) -> str:
        """The name of an array that never changes."""
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def node(self, kind: str, *inputs: str, result: str = "", **attributes: Any) -> str:
        """The name of what an operator makes of its inputs."""
        from onnx import helper

        name = result or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def cast(self, name: str, dtype: type) -> str:
        """The same numbers in another precision."""
        from onnx import helper

        return self.node("Cast", name, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def within(self, name: str, low: Any, high: Any, dtype: type = np.float64) -> str:
        """Every number raised to `low` and lowered to `high`, which may be rows."""
        raised = self.node("Max", name, self.constant(low, dtype))
        return self.node("Min", raised, self.constant(high, dtype))

    def columns(self, name: str, first: int, last: int) -> str:
        """Columns `first` to before `last`."""
        bounds = (self.constant([bound], np.int64) for bound in (first, last, 1))
        return self.node("Slice", name, *bounds)

    def polynomial(self, name: str, columns: int, curve: Polynomial) -> str:
        """A polynomial of every number in so many columns, all within its domain."""
        shift, slope = curve.mapparms()
        scaled = self.node("Mul", name, self.constant(slope))
        scaled = self.node("Add", scaled, self.constant(shift))
        powers, weights = (
            self.constant(np.arange(len(curve.coef))),
            self.constant(curve.coef[:, None]),
        )
        values = []
        for column in range(columns):
            one = self.columns(scaled, column, column + 1)
            values.append(self.node("MatMul", self.node("Pow", one, powers), weights))
        return self.node("Concat", *values, axis=1)


def _advice(graph: _Graph, brain: Brain) -> None:
    """What `Brain.safety_factors` says, operator by operator."""
    card = brain.card
    lowest, highest = (np.full(size(card.stages), bound) for bound in (-np.inf, np.inf))
    at = ratio_feature(card.stages)
    lowest[at], highest[at] = (np.log10(ratio) / 3 for ratio in card.ratios)
    seen = graph.within(INPUT, lowest, highest, np.float32)
    step = seen
    for number, (weight, bias) in enumerate(brain.layers):
        if number:
            step = graph.node("Tanh", step)
        arrays = (graph.constant(array, np.float32) for array in (weight, bias))
        step = graph.node("Gemm", step, *arrays, transB=1)
    step = graph.within(step, -card.action_limit, card.action_limit, np.float32)
    z = graph.node("Add", _centre(graph, card.centre, seen), graph.cast(step, np.float64))
    single = graph.cast(z, np.float32)
    bounded = graph.within(single, card.lowest_z, card.highest_z, np.float32)
    graph.node("Identity", bounded, result=OUTPUT)


def _centre(graph: _Graph, centre: Centre, seen: str) -> str:
    """What `Centre` says (N, M), in double precision."""
    names = features(centre.stages)
    at, waits_at = ratio_feature(centre.stages), names.index("backordered")
    ratio = graph.columns(seen, at, at + 1)
    ratio = graph.node("Mul", ratio, graph.constant(3 * np.log(10), np.float32))
    ratio = graph.cast(ratio, np.float64)
    lost, waiting = (
        _between(graph, centre, table, ratio) for table in (centre.lost, centre.waiting)
    )
    waits = graph.columns(seen, waits_at, waits_at + 1)
    waits = graph.node("Greater", waits, graph.constant(0.5, np.float32))
    z = graph.within(graph.node("Where", waits, waiting, lost), LOWEST_Z, HIGHEST_Z)
    if not centre.usual_share:
        return z
    count, first = centre.stages - 1, names.index("log_holding_share_1")
    share = graph.cast(graph.columns(seen, first, first + count), np.float64)
    relative = graph.node("Sub", share, graph.constant(np.log(centre.usual_share)))
    dearer = graph.within(relative, np.log(CHEAPEST), np.log(DEAREST))
    upstream = graph.within(graph.columns(z, 1, centre.stages), -3.0, 4.0)
    odds = graph.node("Add", graph.polynomial(upstream, count, _log_odds((-3.0, 4.0))), dearer)
    bounds = LOWEST_SHIFTED, HIGHEST_SHIFTED
    inverse = _from_log_odds(bounds)
    moved = graph.polynomial(graph.within(odds, *inverse.domain), count, inverse)
    moved = graph.within(moved, *bounds)
    return graph.node("Concat", graph.columns(z, 0, 1), moved, axis=1)


def _between(
    graph: _Graph, centre: Centre, table: tuple[tuple[float, ...], ...], log_ratio: str
) -> str:
    """Rows of a table (R, M) at log ratios (N, 1), linear between two and level beyond the last.

    Written as the first row and, for every interval, what has been covered of it times its slope.
    """
    rows, known = np.array(table), np.log(centre.ratios)
    start = graph.constant(rows[:1])
    if len(known) == 1:
        nothing = graph.node("Mul", log_ratio, graph.constant(0.0))
        return graph.node("Add", nothing, start)
    covered = graph.node("Sub", log_ratio, graph.constant(known[:-1]))
    covered = graph.within(covered, 0.0, np.diff(known))
    slopes = np.diff(rows, axis=0) / np.diff(known)[:, None]
    return graph.node("Add", graph.node("MatMul", covered, graph.constant(slopes)), start)


def _log_odds(domain: tuple[float, float]) -> Polynomial:
    """log(P / (1 - P)) of P, the chance that a standard normal exceeds z, for z in `domain`."""
    curve = Chebyshev.interpolate(lambda z: np.log(ndtr(-z) / ndtr(z)), DEGREE, domain)
    return curve.convert(kind=Polynomial, domain=domain, window=[-1, 1])


def _from_log_odds(z: tuple[float, float]) -> Polynomial:
    """Its inverse, where it gives values between the bounds `z`."""
    domain = [float(np.log(ndtr(-bound) / ndtr(bound))) for bound in (z[1], z[0])]
    curve = Chebyshev.interpolate(lambda x: -ndtri(1 / (1 + np.exp(-x))), DEGREE, domain)
    return curve.convert(kind=Polynomial, domain=domain, window=[-1, 1])


def _compare(model: onnx.ModelProto, brain: Brain) -> None:
    """Refuses a graph that answers anything else than its brain; raises PlannerError."""
    from onnx.reference import ReferenceEvaluator

    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (256, size(brain.card.stages))).astype(np.float32)
    (answers,) = ReferenceEvaluator(model).run(None, {INPUT: rows})
    off = float(np.abs(answers - brain.safety_factors(rows)).max())
    if not off <= TOLERANCE:
        raise PlannerError(f"brain {brain.id}: its graph differs by {off:.2g}; nothing is written")
