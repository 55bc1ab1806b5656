"""One brain, three engines, one answer; and no file that answers otherwise."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from brain import export as room
from brain.brain import Brain
from brain.export import INPUT, OUTPUT, onnx_model, write_onnx
from data.errors import ConfigurationError, PlannerError
from envs.observation import features, ratio_feature, size
from tests.brain.stores import family, knowing_nothing, saying

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

PARITY = 1e-5
"""Largest difference of z [1]: single precision, z up to 8."""
BRAINS = {
    "class": knowing_nothing(),
    "family": family(),
    "two stages": family(2, stages=2),
    "one stage": family(3, stages=1),
    "five stages": family(4, stages=5),
    "class that moves far": saying((8.0, -3.9, 0.0)),
}


def observations(stages: int, rows: int = 4000, scale: float = 1.0) -> np.ndarray:
    """Rows as wild as can be, some of products whose customers wait, of all cost ratios."""
    rng = np.random.default_rng(7)
    seen = rng.normal(0, scale, (rows, size(stages)))
    seen[:, ratio_feature(stages)] = rng.uniform(-0.6, 1.4, rows)
    seen[:, features(stages).index("backordered")] = rng.random(rows) < 0.3
    return seen.astype(np.float32)


def asked_in_onnx(model: onnx.ModelProto, seen: np.ndarray) -> np.ndarray:
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (said,) = session.run([OUTPUT], {INPUT: seen})
    return said


def asked_in_torch(brain: Brain, seen: np.ndarray) -> np.ndarray:
    """The same net as modules of torch; the constants, which it does not learn, from the brain."""
    modules: list[torch.nn.Module] = []
    for weight, bias in brain.layers:
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, torch.nn.Tanh()]
    net = torch.nn.Sequential(*modules[:-1])
    card = brain.card
    told = seen.copy()
    at = ratio_feature(card.stages)
    told[:, at] = np.clip(told[:, at], *np.log10(card.ratios) / 3)
    with torch.no_grad():
        step = net(torch.from_numpy(told)).clamp(-card.action_limit, card.action_limit)
        z = torch.from_numpy(card.centre(told)) + step
        return z.float().clamp(card.lowest_z, card.highest_z).numpy()


@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("brain", BRAINS.values(), ids=BRAINS)
def test_torch_numpy_and_onnx_say_the_same(brain, scale):
    seen = observations(brain.card.stages, scale=scale)
    in_numpy = brain.safety_factors(seen)
    in_onnx = asked_in_onnx(onnx_model(brain), seen)
    assert in_onnx.shape == (len(seen), brain.card.stages)
    assert in_onnx.dtype == np.float32
    np.testing.assert_allclose(in_onnx, in_numpy, rtol=0, atol=PARITY)
    np.testing.assert_allclose(asked_in_torch(brain, seen), in_numpy, rtol=0, atol=PARITY)
    assert np.ptp(in_numpy) > 0.1, "one answer to everything proves little"


def test_every_bound_is_in_the_graph():
    """Steps beyond the action limit and advice beyond its bounds are cut in all engines alike."""
    usual = family()
    card = replace(usual.card, action_limit=0.5, lowest_z=-1.0, highest_z=2.5)
    tight = Brain(card, usual.layers)
    seen = observations(3, scale=4.0)
    in_numpy = tight.safety_factors(seen)
    assert (in_numpy == -1.0).any()
    assert (in_numpy == 2.5).any()
    np.testing.assert_allclose(asked_in_onnx(onnx_model(tight), seen), in_numpy, atol=PARITY)


def test_a_class_brain_is_told_its_own_ratio_in_the_graph_too():
    brain = knowing_nothing()
    seen = observations(3, rows=20)
    other = seen.copy()
    other[:, ratio_feature(3)] = 0.9
    model = onnx_model(brain)
    np.testing.assert_array_equal(asked_in_onnx(model, seen), asked_in_onnx(model, other))


@pytest.mark.parametrize("rows", [0, 1, 9000])
def test_any_number_of_products_can_be_asked_about(rows):
    assert asked_in_onnx(onnx_model(family()), observations(3, rows)).shape == (rows, 3)


def test_the_graph_says_whose_it_is_and_what_it_wants_to_see():
    brain = family()
    model = onnx_model(brain)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about["brain"] == brain.id
    assert about["features"].split(",") == list(features(3))


def test_two_exports_are_the_same_to_the_byte():
    first, second = (onnx_model(family()).SerializeToString() for _ in range(2))
    assert first == second


def test_a_file_is_written_whole_and_read_back(tmp_path):
    path = tmp_path / "new" / "brain.onnx"
    brain = family()
    write_onnx(brain, path)
    seen = observations(3, rows=50)
    said = asked_in_onnx(onnx.load(path), seen)
    np.testing.assert_allclose(said, brain.safety_factors(seen), atol=PARITY)
    assert [found.name for found in path.parent.iterdir()] == ["brain.onnx"]


def test_a_file_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "brain.onnx"
    path.write_text("mine")
    with pytest.raises(ConfigurationError, match="--overwrite"):
        write_onnx(family(), path)
    assert path.read_text() == "mine"
    write_onnx(family(), path, overwrite=True)
    assert onnx.load(path).graph.name == family().id
    with pytest.raises(ConfigurationError, match="give another --onnx"):
        write_onnx(family(), tmp_path, overwrite=True)


def test_without_onnx_the_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigurationError, match=r"echelon-planner\[onnx\]"):
        write_onnx(family(), tmp_path / "brain.onnx")
    assert not any(tmp_path.iterdir())


def test_a_graph_that_answers_otherwise_is_not_written(tmp_path, monkeypatch):
    """Were the constants of a brain computed in another way one day, an export would notice."""
    monkeypatch.setattr(room, "HIGHEST_SHIFTED", 1.0)
    with pytest.raises(PlannerError, match="differs by"):
        write_onnx(family(), tmp_path / "brain.onnx")
    assert not any(tmp_path.iterdir())
