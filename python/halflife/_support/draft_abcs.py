"""*Drafts* are virtual subclasses of the abstract base classes of their containers.

So `isinstance(d, MutableMapping)` is true for the draft of a dict. `isinstance(d, dict)` is false, because C code that
works on dicts would bypass the draft. The draft of a record has the record's class.
"""

from collections.abc import ItemsView, KeysView, MutableMapping, MutableSequence, MutableSet, Sequence, ValuesView

from halflife import _core

# Derived types, such as the draft of a Counter, follow.
MutableMapping.register(_core._DictDraft)  # pyright: ignore[reportAttributeAccessIssue] - its stub is a Protocol
MutableSequence.register(_core._ListDraft)  # pyright: ignore[reportAttributeAccessIssue] - its stub is a Protocol
MutableSequence.register(_core._DequeDraft)  # pyright: ignore[reportAttributeAccessIssue] - its stub is a Protocol
MutableSet.register(_core._SetDraft)  # pyright: ignore[reportAttributeAccessIssue] - its stub is a Protocol
Sequence.register(_core._NamedTupleDraft)  # pyright: ignore[reportAttributeAccessIssue] - its stub is a Protocol
KeysView.register(_core._DraftKeys)
ValuesView.register(_core._DraftValues)
ItemsView.register(_core._DraftItems)
