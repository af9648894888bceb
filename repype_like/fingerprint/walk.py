"""The way through everything that a stage reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repype_like.fingerprint.effects import Change, Effects, Target, library_target
from repype_like.fingerprint.objects import Encoded, Piece
from repype_like.fingerprint.pieces import Names
from repype_like.fingerprint.resolve import Modules, Node
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import CALL, FIELDS, STEERING, only_writes
from repype_like.hashing import hash_bytes

__all__ = ["Walk"]


class Walk:
    """Collects what is reached from some nodes: a flat set of pieces, so that cycles need no attention.

    Arguments:
        modules: The modules of the codebase.
        effects: What they change while they are imported.
        names: Their pieces.
        steering: For the classes of a stage, by name, the attributes that steer its execution and count nevertheless.
    """

    def __init__(self, modules: Modules, effects: Effects, names: Names, steering: dict[Target, frozenset[str]]):
        self.modules = modules
        self.effects = effects
        self.names = names
        self.steering = steering
        self.pairs: set[tuple[str, str]] = set()
        """Label and hash of each piece."""
        self.notes: set[str] = set()
        self.files: dict[str, str] = {}
        """The hashes of the files without source code."""
        self.distributions: dict[str, str] = {}
        self._seen: set[Node] = set()
        self._pending: list[Node] = []
        self._reached: set[Target] = set()
        self._units: set[Unit] = set()
        self._seen_pieces: set[int] = set()
        self._imported: set[str] = set()
        self._changes: dict[Target, list[tuple[Change, Unit]]] = {}  # by what imported modules change
        self._waiting: dict[str, list[tuple[Change, Unit]]] = {}  # by the attribute that somebody has to read
        self._read_attributes: set[str] = set()
        self._steered: set[str] = set()
        self._mentioned: set[str] = set()  # what code looks at that does not count otherwise

    def run(self, nodes: Iterable[Node]) -> None:
        """Follow `nodes`, and everything that they reach."""
        self._pending.extend(nodes)
        while self._pending:
            node = self._pending.pop()
            if node not in self._seen:
                self._seen.add(node)
                _STEPS[node.kind](self, node)
            if not self._pending:
                self._steer()

    def _steer(self) -> None:
        """Take in the attributes of the stage that steer its execution and that code reads which is reached."""
        found = {name for unit in self._units if unit.read_attributes & STEERING
                 for use in unit.uses if use[1] and not only_writes(use) and not unit.module.is_import(use[0])
                 for name in use[1] if name in STEERING}
        for target, kept in self.steering.items():
            for unit in self.modules.units(target):
                for attribute in (found - kept - FIELDS) & unit.steering.keys() - self._steered:
                    self._steered.add(attribute)
                    self.pairs.add((f"{unit.module.label}:{unit.label}.{attribute}", unit.steering[attribute][0]))
                    self._pending.extend(self.names.steering_nodes(unit, attribute))

    def add_piece(self, piece: Piece) -> None:
        """Take in a piece that is known by an object."""
        if id(piece) in self._seen_pieces:
            return
        self._seen_pieces.add(id(piece))
        self.pairs.add((piece.label, piece.hash))
        self.notes.update(piece.notes)
        self._pending.extend(piece.nodes)
        for inner in piece.pieces:
            self.add_piece(inner)

    # --- the kinds of nodes ------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> None:
        target = (node.module, node.name)
        piece = self.names.piece(target, self.steering.get(target))
        if piece is None:
            self._value(node)
            return
        self.pairs.add(piece.pair)
        self._pending.extend(piece.nodes)
        if piece.value is not None:
            self._encoded(piece.pair[0], piece.value)
        for unit in piece.units:
            if unit not in self._units:
                self._take(unit)
        if node.module not in self._imported:
            self._import(node)
        if node.kind == "name":
            self._reach(target)
            self._reach((node.module, "*"))

    def _reach(self, target: Target) -> None:
        """Take in what changes a name whose value is of importance."""
        if target not in self._reached:
            self._reached.add(target)
            for change, unit in self._changes.get(target, ()):
                self._change(change, unit)

    def _module(self, node: Node) -> None:
        index = self.modules.index(node.module)
        if index is None:
            return
        self._import(node)
        self._pending.extend(Node("name", node.module, name) for name in index.bindings)
        for unit in index.units:
            if not unit.names:
                self._act(unit)
        for _, star in index.stars:
            self._pending.append(Node("module", index.absolute(star)))

    def _import(self, node: Node) -> None:
        """Take in what the modules that are imported with one change elsewhere."""
        if node.module in self._imported:
            return
        for module in self.modules.closure(node.module) - self._imported:
            self._imported.add(module)
            derived = [(Change(target, "__subclasses__"), unit) for target, unit in self.effects.subclasses(module)]
            for change, unit in [*self.effects.changes(module), *derived]:
                self._changes.setdefault(change.target, []).append((change, unit))
                if change.target in self._reached:
                    self._change(change, unit)
        self._imported.add(node.module)

    def _binary(self, node: Node) -> None:
        file = self.modules.codebase.locate(node.module).file
        source = self.modules.codebase.sources.read(file)
        self.files[file] = source.hash
        self.pairs.add((node.module, source.hash))

    def _library(self, node: Node) -> None:
        self._reach(library_target(node.module))
        distribution = self.modules.codebase.locate(node.module).distribution
        if distribution is not None:
            self.distributions[distribution.name] = distribution.version
            if distribution.content:
                self.pairs.add((distribution.name, distribution.content))

    def _value(self, node: Node) -> None:
        """Take in a name that no statement binds, by its value."""
        encoded = self.names.first_value(node.module, node.name, whole=True)
        if encoded is None:
            self.notes.add(f'"{node.name}" of module "{node.module}" does not count: it is bound in a way that cannot '
                           "be seen, to a value that cannot be compared")
            return
        self._encoded(f"{node.module}:{node.name}", encoded)

    def _encoded(self, label: str, encoded: Encoded) -> None:
        self.pairs.add((label, encoded.hash))
        self._pending.extend(encoded.nodes)
        for inner in encoded.pieces:
            self.add_piece(inner)

    def _order(self, node: Node) -> None:
        self.pairs.add((f"{node.module}:{node.name}", node.text))

    def _note(self, node: Node) -> None:
        index = self.modules.index(node.module)
        if index is not None:
            self.notes.add(f"{index.source.file}:{node.text}")

    # --- statements --------------------------------------------------------------------------------------------------

    def _change(self, change: Change, unit: Unit) -> None:
        """Take in a statement that changes something which is reached, if its change is of importance."""
        if change.attribute and change.attribute not in self._read_attributes:
            self._waiting.setdefault(change.attribute, []).append((change, unit))
            return
        value = self.names.value(*change.target, [unit])
        if value is not None:
            self._encoded(f"{unit.module.label}:{change.target[1]}", value)
        self._act(unit)

    def _act(self, unit: Unit) -> None:
        if unit in self._units:
            return
        self._take(unit)
        self.pairs.add((f"{unit.module.label}:{unit.label or '<statement>'}", f"+{unit.hash}"))
        for attribute, (text, _) in unit.steering.items():
            self.pairs.add((f"{unit.module.label}:{unit.label}.{attribute}", f"+{text}"))
        self._pending.extend(self.names.nodes_of(unit))

    def _take(self, unit: Unit) -> None:
        self._units.add(unit)
        for word in self._mentioned & unit.extras.keys():
            self._extra(unit, word)
        for word in unit.mentions - self._mentioned:
            self._mentioned.add(word)
            for other in self._units:
                if word in other.extras:
                    self._extra(other, word)
        if unit.notes:
            self.notes.update(f"{unit.module.source.file}:{line}: {text}" for line, text in unit.notes)
        attributes = unit.read_attributes - self._read_attributes
        if attributes:
            self._read_attributes |= attributes
            for attribute in attributes & self._waiting.keys():
                for change, waiting in self._waiting.pop(attribute):
                    self._change(change, waiting)

    def _extra(self, unit: Unit, word: str) -> None:
        """Take in something of a statement that counts only where somebody looks at it."""
        self.pairs.add((f"{unit.module.label}:{unit.label}.{word}", f"+{unit.extras[word][0]}"))
        self._pending.extend(self.names.extra_nodes(unit, word))

    def sources(self) -> dict[str, str]:
        """Return the hash of the content of each file of which something is reached."""
        sources = {unit.module.source.file: unit.module.source.hash for unit in self._units}
        return dict(sorted({**sources, **self.files}.items()))

    def methods(self) -> Iterator[tuple[str, str]]:
        """Yield label and hash of each method of the classes that are reached; they count as parts of these."""
        for unit in self._units:
            for name, digest in unit.methods.items():
                yield f"{unit.module.label}:{unit.label}.{name}", digest

    def orders(self) -> list[tuple[str, str]]:
        """Return for each module whose result depends on it the order of the statements that are executed."""
        by_module: dict[str, list[Unit]] = {}
        for unit in self._units:
            by_module.setdefault(unit.module.label, []).append(unit)
        found = []
        for label, units in by_module.items():
            ordered = _order_that_matters(sorted(units, key=lambda unit: unit.position))
            if ordered:
                found.append((label, hash_bytes(" ".join(unit.hash for unit in ordered).encode())))
        return sorted(found)


def _order_that_matters(units: list[Unit]) -> list[Unit]:
    """Return the statements among `units` that bind or read names which are bound more than once, in their order.

    ``Y = X`` means another thing before ``X = 2`` than after it. Empty if there is nothing of the kind.
    """
    counts: dict[str, int] = {}
    for unit in units:
        if not unit.is_definition and not unit.imports:
            for name in unit.names or {str(use[0]) for use in unit.uses if use[3]}:
                counts[name] = counts.get(name, 0) + 1
    repeated = {name for name, count in counts.items() if count > 1}
    if not repeated:
        return []
    found, readers = [], 0
    for unit in units:
        if unit.names & repeated:
            found.append(unit)
        elif any(use[3] and (use[0] in repeated or (use[2] == CALL and use[0] in unit.module.bindings))
                 for use in unit.uses):
            found.append(unit)
            readers += 1
    return found if readers else []


_STEPS = {"name": Walk._name, "written": Walk._name, "module": Walk._module,
          "import": Walk._import, "binary": Walk._binary,
          "library": Walk._library, "value": Walk._value, "note": Walk._note,
          "order": Walk._order}
