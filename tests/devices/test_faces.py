from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.emrtd.emulator.portrait import HEIGHT_PX, WIDTH_PX, codestream_of, draw_face, jp2_of, jpeg_of_bytes
from devices.emrtd.face_images import FaceImage, FaceImageInvalid, ImageFormat
from devices.emrtd.photograph import decode_photograph
from devices.faces import Face, FaceModels, Lack, Model, ModelsLacking, find_face, likeness, load_models
from tests.devices import small_networks

JP2 = jp2_of(draw_face(2), 60)
IMAGES = {
    ImageFormat.JPEG: jpeg_of_bytes(draw_face(2), 16_000),
    ImageFormat.JP2: JP2,
    ImageFormat.J2K: codestream_of(JP2),
}


@pytest.mark.parametrize("kind", ImageFormat)
def test_a_photograph_of_each_format_becomes_pixels(kind: ImageFormat, capfd: pytest.CaptureFixture[str]) -> None:
    pixels = decode_photograph(FaceImage(IMAGES[kind], kind))
    assert (pixels.shape, pixels.dtype) == ((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    assert float(np.abs(pixels.astype(float) - draw_face(2)).mean()) < 6
    assert capfd.readouterr().err == ""


def test_a_photograph_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    image = IMAGES[ImageFormat.JPEG]
    frame = image.index(b"\xff\xc0") + 5
    huge = image[:frame] + b"\xff\xff\xff\xff" + image[frame + 4 :]
    with pytest.raises(FaceImageInvalid, match="too many pixels"):
        decode_photograph(FaceImage(huge, ImageFormat.JPEG))


@pytest.mark.parametrize("kind", ImageFormat)
def test_a_photograph_that_ends_in_its_header_is_refused(kind: ImageFormat) -> None:
    start = IMAGES[kind].index(b"\xff\xc0") + 9 if kind is ImageFormat.JPEG else 120
    with pytest.raises(FaceImageInvalid):
        decode_photograph(FaceImage(IMAGES[kind][:start], kind))


@pytest.mark.parametrize("seed", range(6))
def test_a_face_is_found_in_a_photograph(seed: int) -> None:
    face = find_face(draw_face(seed))
    assert face is not None
    middle = (face.left_px + face.width_px / 2, face.top_px + face.height_px / 2)
    assert abs(middle[0] - WIDTH_PX / 2) < 25
    assert abs(middle[1] - HEIGHT_PX * 0.47) < 40


def test_a_face_is_found_where_it_is_in_a_large_frame() -> None:
    frame = np.full((1080, 1920, 3), 200, np.uint8)
    frame[400 : 400 + HEIGHT_PX, 1200 : 1200 + WIDTH_PX] = draw_face(1)
    face = find_face(frame)
    assert face is not None
    assert abs(face.left_px + face.width_px / 2 - (1200 + WIDTH_PX / 2)) < 30
    assert abs(face.top_px + face.height_px / 2 - (400 + HEIGHT_PX * 0.47)) < 45


def test_of_two_faces_the_nearer_one_is_taken() -> None:
    frame = np.full((HEIGHT_PX, 1200, 3), 200, np.uint8)
    frame[:, :WIDTH_PX] = draw_face(1)
    small = cv2.resize(draw_face(3), None, fx=0.5, fy=0.5)
    frame[: small.shape[0], 800 : 800 + small.shape[1]] = small
    face = find_face(frame)
    assert face is not None
    assert face.left_px < WIDTH_PX / 2


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_there_is_no_face_in_an_empty_picture(shade: int) -> None:
    assert find_face(np.full((480, 640, 3), shade, np.uint8)) is None


def supply(folder: Path, contents: dict[Model, bytes]) -> dict[Model, str]:
    for model, content in contents.items():
        (folder / model.file_name).write_bytes(content)
    return {model: hashlib.sha256(content).hexdigest() for model, content in contents.items()}


def test_without_files_there_is_a_clear_message_and_no_comparison(tmp_path: Path) -> None:
    lacking = load_models(tmp_path)
    assert lacking == ModelsLacking(Model.DETECTOR, Lack.ABSENT)
    assert str(lacking) == "face_detection_yunet_2023mar.onnx is not there; faces are shown and not compared"
    supply(tmp_path, {Model.DETECTOR: b"anything"})
    assert load_models(tmp_path) == ModelsLacking(Model.DETECTOR, Lack.CHECKSUM_DIFFERS)


def test_a_file_with_another_checksum_is_never_loaded(tmp_path: Path) -> None:
    checksums = supply(tmp_path, {Model.DETECTOR: small_networks.detector(), Model.RECOGNIZER: b"altered"})
    checksums[Model.RECOGNIZER] = Model.RECOGNIZER.sha256
    assert load_models(tmp_path, checksums) == ModelsLacking(Model.RECOGNIZER, Lack.CHECKSUM_DIFFERS)


@pytest.mark.parametrize("broken", Model)
def test_a_file_that_the_library_does_not_take_is_told(tmp_path: Path, broken: Model) -> None:
    contents = {Model.DETECTOR: small_networks.detector(), Model.RECOGNIZER: small_networks.recognizer()}
    checksums = supply(tmp_path, contents | {broken: b"no network"})
    assert load_models(tmp_path, checksums) == ModelsLacking(broken, Lack.NOT_LOADED)


@pytest.fixture
def models(tmp_path: Path) -> FaceModels:
    contents = {Model.DETECTOR: small_networks.detector(), Model.RECOGNIZER: small_networks.recognizer()}
    loaded = load_models(tmp_path, supply(tmp_path, contents))
    assert isinstance(loaded, FaceModels)
    return loaded


def test_the_same_face_is_most_alike_and_another_less(models: FaceModels) -> None:
    same = likeness(models, draw_face(1), draw_face(1))
    other = likeness(models, draw_face(1), 255 - draw_face(1))
    assert same == pytest.approx(1)
    assert other is not None
    assert other < 0.99


def test_a_picture_in_which_the_models_find_no_face_has_no_number(models: FaceModels) -> None:
    models.detector.setScoreThreshold(1.5)
    assert likeness(models, draw_face(1), draw_face(1)) is None


def test_a_face_has_no_name() -> None:
    assert repr(Face(1, 2, 3, 4)) == "Face(left_px=1, top_px=2, width_px=3, height_px=4)"
