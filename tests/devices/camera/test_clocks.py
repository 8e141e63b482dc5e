"""The stream's clock and the camera's own, held against the machine's."""

from __future__ import annotations

from devices.camera.flow import Flow
from devices.camera.health import Alarm, Expected, Observed, Watch
from devices.camera.values import Codec, Packet, StreamFacts

FACTS = StreamFacts(Codec.H264, 320, 240, 10.0, is_direct=True)
NOW_S = 1_797_735_600.0


def flowing(clocks: list[tuple[float, float | None]]) -> Flow:
    """What came: the times of pictures on the stream's clock and on the camera's own, one each second."""
    flow = Flow(0.0)
    flow.opened(FACTS, None, 0.0)
    for number, (stream_s, camera_s) in enumerate(clocks):
        flow.came(Packet(b"x", stream_s, False, camera_s), FACTS, round((NOW_S + number) * 1000), float(number))
    return flow


def test_the_clock_of_a_camera_is_off_by_what_its_reports_say() -> None:
    assert flowing([(0.0, None), (1.0, NOW_S + 1 - 3600)]).now(2.0).clock_off_s == -3600.0
    changes = Watch(Expected()).observe(Observed(clock_off_s=-3600.0), 0.0)
    assert [change.alarm for change in changes] == [Alarm.CLOCK_OFF]


def test_a_clock_that_goes_back_is_counted_once_and_the_order_of_decoding_is_not() -> None:
    ordered = flowing([(0.0, None), (0.2, None), (0.1, None), (0.4, None)])
    assert ordered.now(4.0).turned_back == 0
    back = flowing([(10.0, None), (11.0, None), (0.0, None), (1.0, None)])
    assert back.now(4.0).turned_back == 1
    assert back.now(4.0).turned_back == 0
    set_back = flowing([(0.0, NOW_S), (1.0, NOW_S + 1), (2.0, NOW_S - 3600), (3.0, NOW_S - 3599)])
    assert set_back.now(4.0).turned_back == 1


def test_a_stream_that_is_opened_anew_has_not_gone_back() -> None:
    flow = flowing([(10.0, NOW_S), (11.0, NOW_S + 1)])
    flow.opened(FACTS, None, 3.0)
    flow.came(Packet(b"x", 0.0, False, NOW_S - 60), FACTS, round(NOW_S * 1000), 4.0)
    assert flow.now(5.0).turned_back == 0


def test_a_clock_that_goes_back_again_and_again_is_a_recording_that_is_played_and_once_is_not() -> None:
    watch = Watch(Expected())
    assert not watch.observe(Observed(turned_back=1), 0.0)
    assert not watch.observe(Observed(turned_back=1), 1000.0)
    assert [change.alarm for change in watch.observe(Observed(turned_back=1), 1060.0)] == [Alarm.LOOPED]
