"""What is said of a camera, in the words of the screens."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from devices.camera.health import Alarm, Light
from devices.camera.job import Status
from pollbook.texts import Texts
from station_app.cameras.settings import ALARM_FAILURES, FAILURES, GIGABYTE
from station_app.live.room import CameraShown, DiskLeft
from station_app.ui.formats import number, time_of_day

_LIGHTS = {Light.GREEN: "green", Light.AMBER: "amber", Light.RED: "red"}
TONES = {Light.GREEN: "may", Light.AMBER: "closer", Light.RED: "stop"}


def light_word(light: Light, texts: Texts) -> str:
    """The light in words."""
    return texts("camera_light_" + _LIGHTS[light])


def _plain_word(status: Status, texts: Texts) -> str:
    """How a camera without an alarm is; one of which nothing is known yet is being started."""
    is_unknown = status.light is Light.AMBER and status.codec is None
    return texts("camera_starts") if is_unknown else light_word(status.light, texts)


def clock_time(at_ms: int, zone: tzinfo) -> str:
    """HH:MM of a Unix time in ms, at the station."""
    return time_of_day(datetime.fromtimestamp(at_ms / 1000, UTC), zone)


def alarm_words(camera: CameraShown, texts: Texts, zone: tzinfo) -> list[str]:
    """Each alarm with the time it began, the oldest first."""
    return [
        texts("camera_since", alarm=texts("camera_alarm_" + alarm), time=clock_time(began_ms, zone))
        for alarm, began_ms in sorted(camera.status.alarms.items(), key=lambda each: each[1])
    ]


def state_words(camera: CameraShown, texts: Texts, zone: tzinfo) -> str:
    """The camera in one sentence: what is wrong, or that all is in order."""
    return ", ".join(alarm_words(camera, texts, zone)) or _plain_word(camera.status, texts)


def brief_words(camera: CameraShown, texts: Texts, zone: tzinfo) -> str:
    """The camera in a few words: the gravest alarm with the time it began, and how many more there are."""
    alarms = camera.status.alarms
    if not alarms:
        return _plain_word(camera.status, texts)
    worst = _worst(camera)
    said = texts("camera_since", alarm=texts("camera_alarm_" + worst), time=clock_time(alarms[worst], zone))
    return said if len(alarms) == 1 else texts("cameras_more", first=said, count=len(alarms) - 1)


def advice(camera: CameraShown, texts: Texts) -> str | None:
    """What to do about the camera's gravest alarm, with its code; None where nothing is wrong."""
    if not camera.status.alarms:
        return None
    worst, trouble = Alarm(_worst(camera)), camera.status.trouble
    is_told = trouble is not None and worst in {Alarm.LOST, Alarm.NOT_RECORDING}
    return str(texts.failure(FAILURES[trouble] if trouble is not None and is_told else ALARM_FAILURES[worst]))


def recorded_words(camera: CameraShown, texts: Texts, zone: tzinfo) -> str:
    """Up to when it is recorded."""
    until_ms = camera.status.recorded_until_ms
    if until_ms is None:
        return texts("camera_not_recorded")
    return texts("camera_recorded", time=clock_time(until_ms, zone))


def facts(camera: CameraShown, texts: Texts, zone: tzinfo) -> list[str]:
    """All that is known of a camera, a line each."""
    said = [recorded_words(camera, texts, zone)]
    if (segment := camera.segment) is not None:
        said.append(
            texts(
                "camera_segment",
                number=segment.number,
                began=clock_time(segment.began_ms, zone),
                ended=clock_time(segment.ended_ms, zone),
                size=f"{segment.size / 1e6:.1f}",
            )
        )
    if (gap := camera.gap) is None:
        said.append(texts("camera_no_gap"))
    else:
        began, ended = clock_time(gap.began_ms, zone), clock_time(gap.ended_ms, zone)
        said.append(texts("camera_gap", began=began, ended=ended, reason=texts("camera_reason_" + gap.reason)))
    status = camera.status
    if status.width:
        kilobits = number(round(status.bits_per_s / 1000), texts.language)
        said.append(
            texts(
                "camera_stream",
                width=status.width,
                height=status.height,
                rate=round(status.rate),
                kilobits=kilobits,
            )
        )
    if status.is_encoded_here:
        said.append(texts("camera_encoded_here"))
    said.append(texts("camera_masks", count=len(camera.masks)) if camera.masks else texts("camera_no_masks"))
    if camera.signed_at_s is None:
        said.append(texts("camera_not_signed"))
    else:
        said.append(texts("camera_signed", time=clock_time(camera.signed_at_s * 1000, zone)))
    return said


def disk_words(left: DiskLeft, texts: Texts) -> str:
    """What the disk of the recordings still holds."""
    if left.days is None:
        return texts("camera_disk_unknown", size=number(round(left.free_bytes / 1e9), texts.language))
    return texts("camera_disk", days=number(int(left.days), texts.language))


def room_words(left: DiskLeft, texts: Texts) -> str:
    """What recordings take now."""
    used, free = (f"{size / GIGABYTE:.1f}" for size in (left.used_bytes, left.free_bytes))
    return texts("room_facts", used=used, free=free)


def status_words(cameras: tuple[CameraShown, ...], disk: DiskLeft | None, texts: Texts) -> tuple[str, str]:
    """What the foot of the screens says of all cameras: the worst light's tone, and what is wrong with the worst.

    Room for recordings that runs short is told where nothing else is wrong.
    """
    worst = max((camera.status.light for camera in cameras), default=Light.GREEN)
    bad = [camera for camera in cameras if camera.status.alarms]
    if not bad and disk is not None and disk.days is not None and disk.is_short:
        days = int(disk.days)
        return TONES[Light.AMBER], texts("cameras_room_short", days=days) if days else texts("cameras_room_gone")
    if not bad:
        key = "cameras_good" if worst is Light.GREEN else "cameras_short"
        return TONES[worst], texts(key, count=len(cameras))
    first = max(bad, key=lambda camera: camera.status.light)
    said = texts("cameras_alarm", camera=first.name, alarm=texts("camera_alarm_" + _worst(first)))
    return TONES[worst], said if len(bad) == 1 else texts("cameras_more", first=said, count=len(bad) - 1)


def _worst(camera: CameraShown) -> str:
    """The alarm that says most: `Alarm` names the gravest first."""
    return min(camera.status.alarms, key=lambda alarm: list(Alarm).index(Alarm(alarm)))
