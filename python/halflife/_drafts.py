"""*Drafts* are virtual subclasses of the abstract classes of what they draft.

So `isinstance(d, MutableMapping)` is true of the draft of a dict, and never `isinstance(d, dict)`: the
C code that works on dicts would look past the draft. The draft of a record has the record's class.
"""

from collections.abc import ItemsView, KeysView, MutableMapping, MutableSequence, MutableSet, Sequence, ValuesView

from halflife import _core

MutableMapping.register(_core._DictDraft)
MutableSequence.register(_core._ListDraft)
MutableSet.register(_core._SetDraft)
Sequence.register(_core._NamedTupleDraft)
KeysView.register(_core._DraftKeys)
ValuesView.register(_core._DraftValues)
ItemsView.register(_core._DraftItems)
