"""The observers' page as HTML: no script, nothing from anywhere else, every text escaped; pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from html import escape
from urllib.parse import quote

from devices.camera.health import Light
from pollbook.failures import Failure, Refused
from station_app.live.room import CameraShown, Withheld

LIGHTS_EVERY_S = 5
_STYLE = """
:root{color-scheme:light dark;--ground:#F5F6F8;--panel:#FFF;--line:#D5D9E0;--text:#1A1F27;--second:#566070;
--accent:#0B5CAD;--on:#FFF;--good:#0B5A2A;--watch:#6B4600;--bad:#8E1410}
@media(prefers-color-scheme:dark){:root{--ground:#14171C;--panel:#1D2229;--line:#353C47;--text:#E9ECF1;--second:#A3ADBB;
--accent:#6DB3F2;--on:#14171C;--good:#8FE3AE;--watch:#FFD37A;--bad:#FFB4AE}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);
font:16px/1.4 "DejaVu Sans",system-ui,sans-serif}
header,main,footer{max-width:1200px;margin:0 auto;padding:12px 16px}h1{font-size:20px;margin:0}
nav a{color:var(--accent);margin-right:14px;display:inline-block;padding:8px 0}nav a[aria-current]{color:var(--text);
font-weight:700;text-decoration:none}.second{color:var(--second)}
.band{background:repeating-linear-gradient(135deg,#FFF0CC 0 14px,#6B4600 14px 20px);padding:4px;text-align:center}
.band b{background:#FFF0CC;color:#6B4600;padding:2px 14px}
form,figure,.lights{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:16px;margin:0}
form{max-width:440px}label{font-weight:700;display:block}input{font:inherit;font-size:26px;letter-spacing:4px;width:100%;
padding:10px;margin:8px 0 16px;border:1px solid #7A8494;border-radius:8px;background:var(--panel);color:var(--text)}
button{font:inherit;font-weight:700;font-size:18px;width:100%;min-height:56px;border:0;border-radius:8px;
background:var(--accent);color:var(--on)}.refused{color:var(--bad);font-weight:700}
.grid{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr))}
figure{padding:8px}figure img{width:100%;display:block;border-radius:4px;background:#606060;aspect-ratio:4/3;
object-fit:contain}figcaption{padding:6px 2px 0;font-weight:700}
iframe{width:100%;border:0;margin-bottom:12px;display:block}
ul{list-style:none;margin:0;padding:0}li{min-height:34px}
.dot{display:inline-block;width:14px;height:14px;
border-radius:7px;margin-right:8px;border:2px solid currentColor}
.g{color:var(--good)}.g .dot{background:currentColor}.w{color:var(--watch)}
.w .dot{border-radius:2px}.b{color:var(--bad)}.b .dot{border-radius:0;background:currentColor}
"""
_MARKS = {Light.GREEN: "g", Light.AMBER: "w", Light.RED: "b"}


@dataclass(frozen=True)
class PageWords:
    """The page in one language.

    Attributes:
        tag: The language as HTML names it.
        name: The language in its own words.
        title: What the page is.
        training: What stands in the band of a training election.
        enter: What to do before a code is typed.
        code: The field's heading.
        button: What the button does.
        explanation: What is seen, how late, and what is hidden.
        alarm: An alarm with the time it began, with the places `{alarm}` and `{time}`.
        lights: What each light says.
        alarms: What each alarm is called, by its value.
        withheld: Why a camera shows nothing.
        refusals: What each refusal says, with the places of its facts.
    """

    tag: str
    name: str
    title: str
    training: str
    enter: str
    code: str
    button: str
    explanation: str
    alarm: str
    lights: Mapping[Light, str] = field(default_factory=dict)
    alarms: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[Withheld, str] = field(default_factory=dict)
    refusals: Mapping[Failure, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """What is the same for every observer: the station, its languages (the usual one first), its time."""

    station: str
    languages: Mapping[str, PageWords]
    zone: tzinfo
    is_training: bool

    def words(self, untrusted_language: str | None) -> tuple[str, PageWords]:
        """The language asked for, or the usual one."""
        if untrusted_language is not None and untrusted_language in self.languages:
            return untrusted_language, self.languages[untrusted_language]
        return next(iter(self.languages.items()))


def content_policy() -> str:
    """What the browser may do with the page: show it, and nothing else."""
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src 'self'; frame-src 'self'; style-src 'sha256-{style}'"
        "; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    )


def entrance(page: Page, language: str, refused: Refused | None) -> bytes:
    """The form for the code, with what was refused."""
    _, words = page.words(language)
    said = "" if refused is None else f'<p class="refused" role="alert">{escape(_refusal(words, refused))}</p>'
    form = (
        f'<form method="post" action="/enter?lang={quote(language)}" autocomplete="off">'
        f"<p>{escape(words.enter)}</p>{said}"
        f'<label for="code">{escape(words.code)}</label>'
        '<input id="code" name="code" inputmode="numeric" maxlength="12" required autofocus>'
        f"<button>{escape(words.button)}</button></form>"
    )
    return _whole(page, language, form)


def viewing(page: Page, language: str, cameras: tuple[CameraShown, ...]) -> bytes:
    """The cameras side by side, with their lights above."""
    _, words = page.words(language)
    figures = "".join(
        f'<figure><img src="/camera/{quote(camera.name)}" alt="{escape(camera.name)}">'
        f"<figcaption>{escape(camera.name)}</figcaption></figure>"
        for camera in cameras
    )
    count = max(1, min(len(cameras), 8))
    return _whole(
        page,
        language,
        f'<iframe src="/lights?lang={quote(language)}" title="{escape(words.title)}" height="{40 + 34 * count}">'
        f'</iframe><div class="grid">{figures}</div><p class="second">{escape(words.explanation)}</p>',
    )


def lights(
    page: Page, language: str, cameras: tuple[CameraShown, ...], reasons: Mapping[str, Withheld | None]
) -> bytes:
    """Each camera's light in words; the browser asks for it again by itself."""
    _, words = page.words(language)
    rows = "".join(
        f'<li class="{_MARKS[camera.status.light]}"><span class="dot"></span><b>{escape(camera.name)}</b>: '
        f"{escape(camera_sentence(page, words, camera, reasons.get(camera.name)))}</li>"
        for camera in cameras
    )
    body = f'<body><ul class="lights">{rows}</ul>'
    return _document(words, f'<meta http-equiv="refresh" content="{LIGHTS_EVERY_S}">', body)


def camera_sentence(page: Page, words: PageWords, camera: CameraShown, why: Withheld | None) -> str:
    """What is the matter with a camera, each alarm with the time it began, and why it shows nothing."""
    said = [
        words.alarm.format(alarm=words.alarms.get(alarm, alarm), time=_time(began_ms, page.zone))
        for alarm, began_ms in camera.status.alarms.items()
    ] or [words.lights[camera.status.light]]
    if why is not None:
        said.append(words.withheld[why])
    return " · ".join(said)


def _whole(page: Page, language: str, main: str) -> bytes:
    _, words = page.words(language)
    band = f'<div class="band"><b>{escape(words.training)}</b></div>' if page.is_training else ""
    nav = "".join(
        f'<a href="/?lang={quote(each)}" lang="{escape(other.tag)}"{" aria-current=true" if each == language else ""}>'
        f"{escape(other.name)}</a>"
        for each, other in page.languages.items()
    )
    body = (
        f'<body>{band}<header><h1>{escape(words.title)}</h1><p class="second">{escape(page.station)}</p>'
        f"<nav>{nav}</nav></header><main>{main}</main>"
    )
    return _document(words, "", body)


def _document(words: PageWords, head: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="{escape(words.tag)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"{head}<title>{escape(words.title)}</title><style>{_STYLE}</style></head>{body}</body></html>"
    ).encode()


def _refusal(words: PageWords, refused: Refused) -> str:
    return words.refusals[refused.failure].format_map({key: str(value) for key, value in refused.facts.items()})


def _time(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).strftime("%H:%M")
