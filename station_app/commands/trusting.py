"""`uchastka passport trust`: the authorities behind documents, brought in from files and listed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final, assert_never

from devices.emrtd.certificates import Certificate, Crl
from devices.emrtd.countries import two_letters
from devices.emrtd.trust import TrustStore, is_root, knows_key
from devices.emrtd.trust_import import FILE_BYTES_MAX, NotTaken, Report, Taken, TrustRefusal, contents_of, take
from pollbook.clock import SystemClock
from pollbook.commanding import Answer, Console, WrongUsage, read_given
from pollbook.failures import Exit, Failure
from pollbook.store.home import StationHome
from station_app.document_trust import load_trust, save_trust

_TOLD_EVERY: Final = 100


def failure_of(refusal: TrustRefusal) -> Failure:
    """Return the failure by which people are told why a file was not taken."""
    match refusal:
        case TrustRefusal.UNREADABLE | TrustRefusal.TOO_LARGE:
            return Failure.TRUST_FILE_UNFIT
        case TrustRefusal.SIGNATURE_WRONG:
            return Failure.TRUST_NOT_SIGNED
        case (
            TrustRefusal.SIGNER_ABSENT
            | TrustRefusal.SIGNER_NOT_FOR_LISTS
            | TrustRefusal.SIGNER_NOT_CERTIFIED
            | TrustRefusal.SIGNER_EXPIRED
        ):
            return Failure.TRUST_SIGNER_UNFIT
        case TrustRefusal.AUTHORITY_UNKNOWN:
            return Failure.TRUST_AUTHORITY_UNKNOWN
        case TrustRefusal.NOT_AN_AUTHORITY:
            return Failure.TRUST_NOT_AN_AUTHORITY
        case TrustRefusal.ALGORITHM_UNKNOWN:
            return Failure.TRUST_ALGORITHM_UNKNOWN
        case TrustRefusal.REVOCATION_LIST_OLDER:
            return Failure.TRUST_LIST_OLDER
        case _:
            assert_never(refusal)


def import_trust(arguments: argparse.Namespace, console: Console) -> Answer:
    """Take the files in, and tell what came of each."""
    home = StationHome(arguments.home)
    store = load_trust(home)
    now = SystemClock().now()
    files: list[dict[str, object]] = []
    first: Failure | None = None
    # a file that isn't there must not leave the others half told
    given = [(path, read_given(path, FILE_BYTES_MAX)) for path in arguments.files]
    for path, untrusted in [(path, content) for path, whole in given for content in contents_of(whole)]:
        answer = take(store, untrusted, now, authority=arguments.authority, report=_progress(path, console))
        if isinstance(answer, NotTaken):
            failure = failure_of(answer.refusal)
            first = first or failure
            console.tell_failure(failure, {"path": path, "found": answer.authority}, answer.refusal.value)
            why = answer.refusal.value
            files.append({"file": str(path), "refusal": failure.key, "code": failure.code, "why": why})
            if answer.authority:
                files[-1]["authority"] = answer.authority
            continue
        store, taken = answer
        console.tell(_words(path, taken))
        files.append(_taken(path, taken))
    if any("refusal" not in one for one in files):
        save_trust(home, store)
    data: dict[str, object] = {
        "files": files,
        "certificates": store.count,
        "countries": len(store.countries),
        "revocation_lists": sum(map(len, store.crls.values())),
    }
    if first is None:
        return Answer(data, f"{store.count} certificates of {len(store.countries)} countries")
    return Answer({"refusal": first.key, "code": first.code, **data}, "", Exit.REFUSED)


def _progress(path: Path, console: Console) -> Report:
    """Say how far a long list has been looked at, every hundred certificates."""

    def report(done: int, total: int) -> None:
        if done % _TOLD_EVERY == 0 or (done == total and total > _TOLD_EVERY):
            console.tell(f"{path.name}: {done} of {total} certificates read")

    return report


def _taken(path: Path, taken: Taken) -> dict[str, object]:
    return {
        "file": str(path),
        "kind": taken.kind.value,
        "country": taken.country,
        "authority": taken.authority,
        "anchored": taken.is_anchored,
        "certificates": taken.certificates,
        "new": taken.new,
        "unusable": taken.unusable,
    }


def _words(path: Path, taken: Taken) -> str:
    what = f"{path.name}: {taken.kind.value.replace('_', ' ')} of {taken.country}, {taken.certificates} certificates, "
    what += f"{taken.new} of them new"
    if taken.is_anchored:
        return what
    return f"{what}\n  compare its authority's fingerprint with what the State publishes: {taken.authority}"


def list_trust(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Tell whose signatures count."""
    store = load_trust(StationHome(arguments.home))
    if arguments.country is not None:
        country = two_letters(arguments.country)
        if country is None:
            raise WrongUsage(f"there is no country {arguments.country}")
        return _one_country(store, country)
    data = {
        "countries": {country: len(store.certificates[country]) for country in store.countries},
        "certificates": store.count,
        "revocation_lists": {country: len(crls) for country, crls in sorted(store.crls.items())},
        "lists": [
            {
                "country": one.country,
                "authority": one.authority,
                "signed_at": None if one.signed_at is None else one.signed_at.isoformat(),
                "certificates": one.certificates,
            }
            for one in store.lists
        ],
    }
    lines = [f"{country}  {len(store.certificates[country])}" for country in store.countries]
    return Answer(data, "\n".join([*lines, f"{store.count} certificates of {len(store.countries)} countries"]))


def _one_country(store: TrustStore, country: str) -> Answer:
    certificates, crls = store.authorities_of(country), store.crls_of(country)
    data = {
        "country": country,
        "certificates": [_certificate(one) for one in certificates],
        "revocation_lists": [_crl(one) for one in crls],
    }
    lines = [
        f"{one.not_before:%Y-%m-%d} to {one.not_after:%Y-%m-%d}  {'root' if is_root(one) else 'link'}  "
        f"{one.serial:x}  {one.fingerprint}  {one.subject.common_name}{'  TRAINING' if one.is_for_training else ''}"
        for one in certificates
    ]
    return Answer(data, "\n".join(lines) or f"no authority of {country} is known here")


def _certificate(one: Certificate) -> dict[str, object]:
    return {
        "name": one.subject.common_name,
        "organization": one.subject.organization,
        "serial": f"{one.serial:x}",
        "fingerprint": one.fingerprint,
        "kind": "root" if is_root(one) else "link",
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "usable": knows_key(one),
        "training": one.is_for_training,
    }


def _crl(one: Crl) -> dict[str, object]:
    return {
        "name": one.issuer.common_name,
        "made": one.this_update.isoformat(),
        "next": None if one.next_update is None else one.next_update.isoformat(),
        "revoked": len(one.revoked),
    }
