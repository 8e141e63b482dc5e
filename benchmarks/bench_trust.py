"""Certificates of the States' own master lists that verify, against what the library alone verifies of them.

A certificate verifies if some certificate of its country in the same list signed it. The reference is `cryptography`
by itself (its parser, its keys, `verify_directly_issued_by`) over the same lists in the same run: it refuses curves
written out. The lists lie beside the checkout (`../shared/data/master_lists`); without them there is nothing to
measure, and that is said.
"""

from __future__ import annotations

import time
import warnings
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from benchmarks.measuring import figure
from devices.emrtd.certificates import Certificate
from devices.emrtd.trust import EMPTY, TrustStore, issuers_among
from devices.emrtd.trust_import import NotTaken, take

# beside the checkout, or beside the folder of its work trees
FOLDERS = [folder / "shared" / "data" / "master_lists" for folder in Path(__file__).resolve().parents[2:4]]
MUST = {"NL": 411, "DE": 574}
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def lists() -> dict[str, bytes]:
    """The newest list of each issuer, by its country."""
    found = sorted(path for folder in FOLDERS for path in folder.glob("*.ml"))
    return {path.name[:2]: path.read_bytes() for path in found if path.name[:2] in MUST}


def verified_here(store: TrustStore) -> tuple[int, int]:
    """How many certificates of a store have an issuer in it, of how many."""
    of_country: dict[str, tuple[Certificate, ...]] = {
        country: store.authorities_of(country) for country in store.countries
    }
    certificates = [one for group in of_country.values() for one in group]
    signed = [
        one for one in certificates if any(True for _ in issuers_among(of_country.get(one.issuer.country, ()), one))
    ]
    return len(signed), len(certificates)


def verified_by_library(store: TrustStore) -> tuple[int, int]:
    """The same by the library alone: how many verify, and how many it loads with their key."""
    by_name: dict[x509.Name, list[x509.Certificate]] = defaultdict(list)
    loaded: list[x509.Certificate] = []
    for country in store.countries:
        for raw in store.certificates[country]:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    one = x509.load_der_x509_certificate(raw)
                    one.public_key()
                    by_name[one.subject].append(one)
            except Exception:  # noqa: BLE001, S112 - whatever makes the library give up
                continue
            loaded.append(one)
    return sum(any(_signs(issuer, one) for issuer in by_name[one.issuer]) for one in loaded), len(loaded)


def _signs(issuer: x509.Certificate, signed: x509.Certificate) -> bool:
    try:
        signed.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - a wrong signature, or a key that the library refuses
        return False
    return True


def main() -> None:
    found = lists()
    if not found:
        print("bench_trust: the master lists are not beside the checkout; nothing was measured")
        return
    for country, must in MUST.items():
        if country not in found:
            print(f"bench_trust: no list of {country} beside the checkout; it was not measured")
            continue
        answer = take(EMPTY, found[country], NOW)
        assert not isinstance(answer, NotTaken), answer
        store, _ = answer
        began = time.perf_counter()
        here, total = verified_here(store)
        ours_s = time.perf_counter() - began
        began = time.perf_counter()
        reference, loaded = verified_by_library(store)
        reference_s = time.perf_counter() - began
        detail = (
            f"the library alone: {reference} of the {loaded} that it loads; each verified one took "
            f"{ours_s / here * 1e3:.2f} ms, the library {reference_s / max(1, reference) * 1e3:.2f} ms"
        )
        name = f"master list of {country}: certificates that verify, of {total}"
        figure(name, here, "certificates", f"≥ {must}", here >= must, detail)


if __name__ == "__main__":
    main()
