"""Documents that differ from the standard in what they hold, as real ones do (FACTS §4, rows 10 to 12, 14, 15).

`behaviour.ROWS` has the rows that lie in how a chip answers; together they are all seventeen.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from devices.emrtd.emulator.authorities import Authority, Scheme, Style, make_signer
from devices.emrtd.emulator.issuing import ChipKeys, Features, IssuedDocument, issue, seal_hashes
from devices.emrtd.emulator.portrait import HEIGHT_PX, WIDTH_PX, codestream_of, draw_face, jp2_of, jpeg_of_bytes
from devices.emrtd.emulator.writing import Face, Holder, write_dg2, write_dg2_39794
from devices.emrtd.files import File
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.security_infos import read_dg14
from devices.emrtd.tlv import encode

Issue = Callable[[Holder, Authority, ChipKeys, Features], IssuedDocument]
"""Issues the document of a holder under an authority, with these keys and features besides what is strange in it."""
_PHOTOGRAPH_BYTES: Final = 12_000


def _signed(scheme: Scheme, style: Style, digest: str = "sha256") -> Issue:
    def make(holder: Holder, authority: Authority, keys: ChipKeys, features: Features) -> IssuedDocument:
        return issue(holder, make_signer(authority, scheme), keys, replace(features, style=style, digest=digest))

    return make


def _photographed(write: Callable[[], bytes]) -> Issue:
    def make(holder: Holder, authority: Authority, keys: ChipKeys, features: Features) -> IssuedDocument:
        return issue(holder, make_signer(authority), keys, replace(features, dg2=write()))

    return make


def _numbered(number: str) -> Issue:
    def make(holder: Holder, authority: Authority, keys: ChipKeys, features: Features) -> IssuedDocument:
        # A long number is continued where the personal number stands, and takes its place.
        numbered = replace(holder, document_number=number, personal_number="")
        return issue(numbered, make_signer(authority), keys, replace(features, form=Form.TD1))

    return make


def _backwards(holder: Holder, authority: Authority, keys: ChipKeys, features: Features) -> IssuedDocument:
    """The infos of DG14 in the order that DER doesn't have, hashed as they stand."""
    signer = make_signer(authority)
    document = issue(holder, signer, keys, features)
    infos = [info.raw for info in read_dg14(document.files[File.DG14]).infos]
    dg14 = encode(File.DG14.tag, encode(0x31, *reversed(infos)))
    groups = {file: content for file, content in document.files.items() if file.data_group} | {File.DG14: dg14}
    return replace(document, files={**document.files, **groups, File.SOD: seal_hashes(groups, signer, features)})


def _face(seed: int = 1) -> Face:
    return Face(jpeg_of_bytes(draw_face(seed), _PHOTOGRAPH_BYTES), WIDTH_PX, HEIGHT_PX)


def _codestream() -> bytes:
    return write_dg2([Face(codestream_of(jp2_of(draw_face(2))), WIDTH_PX, HEIGHT_PX)])


def _length_off() -> bytes:
    """The facial record claims three bytes more than there are."""
    face = _face()
    content = write_dg2([face])
    block = 20 + 12 + len(face.image)
    return content.replace(block.to_bytes(4), (block + 3).to_bytes(4), 1)


STRANGE: Final[dict[str, Issue]] = {
    "10-digest-in-signer-info-only": _signed(Scheme.RSA, Style(lists_digests=False)),
    "10-rsa-encryption": _signed(Scheme.RSA, Style(names_key_only=True)),
    "10-rsa-pss": _signed(Scheme.RSA_PSS, Style()),
    "10-id-data": _signed(Scheme.ECDSA, Style(content_is_data=True)),
    "10-sha1": _signed(Scheme.RSA, Style(digest="sha1"), "sha1"),
    "11-explicit-brainpool": _signed(Scheme.ECDSA_BRAINPOOL, Style()),
    "12-set-order": _backwards,
    "14-bare-codestream": _photographed(_codestream),
    "14-several-faces": _photographed(lambda: write_dg2([_face(3), _face(4)])),
    "14-length-off": _photographed(_length_off),
    "14-iso-39794": _photographed(lambda: write_dg2_39794([_face(5)])),
    "15-long-number": _numbered("ZZ1234567890"),
    "15-short-number": _numbered("ZZ12345"),
}
"""By row and name."""
