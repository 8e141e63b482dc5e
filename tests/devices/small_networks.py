"""Two tiny networks in the form of ONNX, with the inputs and outputs that OpenCV's face models have.

They stand in for the files of the model zoo, which are not to be had here: the detector calls every part of a picture
a face, the recognizer takes the average colours of sixteen parts for features. Written byte by byte, as the format's
protocol buffers are.

Source: onnx.proto (ModelProto, GraphProto, NodeProto, TensorProto, AttributeProto).
"""

from __future__ import annotations

import math
import struct

_FLOAT = 1
_INT = 2
_INTS = 7


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _field(5, _field(1, name) + _field(3, value) + _field(20, _INT))
    return _field(5, _field(1, name) + b"".join(_field(8, one) for one in value) + _field(20, _INTS))


def _node(kind: str, inputs: list[str], output: str, **attributes: int | list[int]) -> bytes:
    names = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(3, f"make_{output}")
    return _field(1, names + _field(4, kind) + b"".join(_attribute(*one) for one in attributes.items()))


def _tensor(name: str, shape: list[int], values: list[float]) -> bytes:
    dimensions = b"".join(_field(1, side) for side in shape)
    raw = struct.pack(f"<{len(values)}f", *values)
    return _field(5, dimensions + _field(2, _FLOAT) + _field(8, name) + _field(9, raw))


def _value(number: int, name: str, shape: list[int]) -> bytes:
    dimensions = b"".join(_field(1, _field(1, side)) for side in shape)
    return _field(number, _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dimensions))))


def _model(graph: bytes) -> bytes:
    return _field(1, 8) + _field(8, _field(1, "") + _field(2, 13)) + _field(7, graph + _field(2, "small"))


def recognizer() -> bytes:
    pooled = _node("AveragePool", ["data"], "pooled", kernel_shape=[28, 28], strides=[28, 28])
    flat = _node("Flatten", ["pooled"], "fc1", axis=1)
    return _model(pooled + flat + _value(11, "data", [1, 3, 112, 112]) + _value(12, "fc1", [1, 48]))


def detector(side_px: int = 224) -> bytes:
    """Every 32 by 32 pixels are the middle of a face of `side_px`, with eyes, nose and mouth in their places."""
    graph, outputs = b"", b""
    width = math.log(side_px / 32)
    landmarks = [-1.5, -1.0, 1.5, -1.0, 0.0, 0.3, -1.2, 1.6, 1.2, 1.6]
    for stride in (8, 16, 32):
        graph += _node("AveragePool", ["input"], f"p{stride}", kernel_shape=[stride, stride], strides=[stride, stride])
        is_seen = float(stride == 32)
        biases = {"cls": [is_seen], "obj": [is_seen], "bbox": [0.5, 0.5, width, width], "kps": landmarks}
        for name, bias in biases.items():
            made = f"{name}_{stride}"
            graph += _tensor(f"w_{made}", [len(bias), 3, 1, 1], [0.0] * 3 * len(bias))
            graph += _tensor(f"b_{made}", [len(bias)], bias)
            graph += _node("Conv", [f"p{stride}", f"w_{made}", f"b_{made}"], f"c_{made}", kernel_shape=[1, 1])
            graph += _node("Transpose", [f"c_{made}"], made, perm=[0, 2, 3, 1])
            outputs += _value(12, made, [1, 640 // stride, 640 // stride, len(bias)])
    return _model(graph + _value(11, "input", [1, 3, 640, 640]) + outputs)
