// The draft of a tuple with containers in it. The draft is never handed out: the user gets a tuple
// in which the containers are drafts.
#include <vector>

#include "draft_object.hpp"

namespace halflife::bindings {

PyObject* DraftAccess::give_tuple(draft::Draft& fixed) const {
  const bool known = fixed.given != nullptr;
  Value given = nullptr;
  if (!scope().give(fixed, &given)) return nullptr;
  PyObject* tuple = to_object(given);
  if (session_ == nullptr || known) return Py_NewRef(tuple);
  // The drafts in the tuple are handed out with it, so they join the session.
  std::vector<PyObject*> left{tuple};
  while (!left.empty()) {
    PyObject* at = left.back();
    left.pop_back();
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(at); ++index) {
      PyObject* item = PyTuple_GET_ITEM(at, index);
      if (is_draft(item)) {
        join(as_draft(item));
      } else if (PyTuple_CheckExact(item) && scope().draft_of(item) != nullptr) {
        left.push_back(item);
      }
    }
  }
  return Py_NewRef(tuple);
}

int add_draft_tuple(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("Stands for a tuple with containers in it.")},
      HALFLIFE_DRAFT_SLOTS,
      {0, nullptr},
  };
  draft_types.tuple = add_draft_type(module, "halflife._core.TupleDraft", 0, slots);
  return draft_types.tuple == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
