"""A desk with a reader, for tests of documents with a chip."""

from __future__ import annotations

from dataclasses import dataclass

from devices.emrtd.mrz import Mrz
from pollbook.voters import Voter
from station_app.background import Background
from station_app.ui.passport_desk import PassportDesk
from station_app.ui.passport_stages import Failed, NoReader, PassportStage, Read
from tests.station_app.ui.driver import Driver
from tests.station_app.ui.fake_passports import TODAY, FakeChip, FakePassports, typed_lines


@dataclass
class Table:
    """A desk with a reader."""

    driver: Driver
    passports: FakePassports
    documents: PassportDesk

    @property
    def stage(self) -> PassportStage:
        return self.documents.stage

    @property
    def line(self) -> str:
        """What the document's line says, as a screen reader does."""
        return self.driver.check_in.document.accessibleName()

    def voter(self, surname: str = "Karimova") -> Voter:
        return next(voter for voter in self.driver.desk.voters.values() if voter.surname == surname)

    def scan(self, zone: Mrz) -> None:
        self.driver.check_in.finder.box.setFocus()
        self.driver.type(typed_lines(zone))
        self.driver.settle()

    def wait_for(self, kind: type) -> None:
        self.driver.wait(lambda: isinstance(self.stage, kind))
        self.driver.settle()

    def read(self, chip: FakeChip) -> None:
        """Laid down and scanned; read to its end."""
        self.passports.lay(chip)
        self.scan(chip.zone)
        self.driver.wait(lambda: isinstance(self.stage, (Read, Failed)))
        self.driver.settle()
        self.driver.wait(lambda: not self.driver.check_in.searching.is_under_way)
        self.driver.settle()
        self.driver.clock.advance(1)


def with_reader(driver: Driver, passports: FakePassports, background: Background) -> Table:
    documents = PassportDesk(driver.window, driver.book, background, driver.check_in, lambda: TODAY)
    driver.window.use_documents(documents)
    documents.start(passports, passports)
    driver.wait(lambda: not isinstance(documents.stage, NoReader))
    return Table(driver, passports, documents)
