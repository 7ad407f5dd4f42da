"""Two kinds of import contract that import-linter lacks; `.importlinter` uses them."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class StandardLibraryOnly(Contract):
    """Kept when `package` imports itself and Python's standard library and nothing else."""

    package = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Every direct import out of the package that leads to another place than the standard library."""
        package = str(self.package)
        own = {package, *graph.find_descendants(package)}
        strangers = [
            (importer, imported)
            for importer in sorted(own)
            for imported in sorted(graph.find_modules_directly_imported_by(importer) - own)
            if imported.partition(".")[0] not in sys.stdlib_module_names
        ]
        return ContractCheck(kept=not strangers, metadata={"imports": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that breaks the contract."""
        for importer, imported in check.metadata["imports"]:
            output.print_error(f"{importer} imports {imported}, which is not in the standard library.", bold=False)


class PrivateToRoom(Contract):
    """Kept when `container.ROOM.module`, of whatever room, is imported by that room alone."""

    container = fields.StringField()
    module = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Every direct import of a room's private module from outside that room."""
        trespasses = []
        for room in sorted(graph.find_children(str(self.container))):
            private = f"{room}.{self.module}"
            if private not in graph.modules:
                continue
            inside = {room, *graph.find_descendants(room)}
            for imported in sorted({private, *graph.find_descendants(private)}):
                importers = graph.find_modules_that_directly_import(imported) - inside
                trespasses += [(importer, imported) for importer in sorted(importers)]
        return ContractCheck(kept=not trespasses, metadata={"imports": trespasses})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that breaks the contract."""
        for importer, imported in check.metadata["imports"]:
            output.print_error(f"{importer} imports {imported}; ask that room's queries or changes.", bold=False)
