#include "set_entries.hpp"

#include "heap_type.hpp"

namespace halflife::bindings {

namespace {

// A probe is looked up instead of a key: it equals the objects that the key equals, and remembers
// the object it met.
struct Probe {
  PyObject_HEAD PyObject* key;
  PyObject* met;  // borrowed
  Py_hash_t hash;
};

PyTypeObject* probe_type = nullptr;

Py_hash_t probe_hash(PyObject* self) { return reinterpret_cast<Probe*>(self)->hash; }

PyObject* probe_compare(PyObject* self, PyObject* other, int operation) {
  auto* probe = reinterpret_cast<Probe*>(self);
  if (operation != Py_EQ) Py_RETURN_NOTIMPLEMENTED;
  const int equal = PyObject_RichCompareBool(other, probe->key, Py_EQ);
  if (equal < 0) return nullptr;
  if (equal > 0) probe->met = other;
  return PyBool_FromLong(equal);
}

void probe_dealloc(PyObject* self) {
  Py_XDECREF(reinterpret_cast<Probe*>(self)->key);
  free_object(self);
}

bool has_one_form(PyObject* key) {
  // Fast path: members are far more often strings than instances of str subclasses.
  return PyUnicode_CheckExact(key) || PyBytes_CheckExact(key) || key == Py_None;
}

// The object in `container` that equals `key`. False: an error is set.
bool meet(PyObject* container, PyObject* key, int (*contains)(PyObject*, PyObject*),
          PyObject** met) {
  const Py_hash_t hash = PyObject_Hash(key);
  if (hash == -1) return false;
  auto* probe = PyObject_New(Probe, probe_type);
  if (probe == nullptr) return false;
  Ref kept = Ref::take(as_object(probe));
  probe->key = Py_NewRef(key);
  probe->met = nullptr;
  probe->hash = hash;
  const int found = contains(container, kept.get());
  if (found > 0 && probe->met != nullptr) *met = probe->met;
  return found >= 0;
}

}  // namespace

bool find_member(PyObject* set, PyObject* key, PyObject** member) {
  *member = nullptr;
  const int contained = PySet_Contains(set, key);
  if (contained <= 0) return contained == 0;
  *member = key;
  return has_one_form(key) || meet(set, key, PySet_Contains, member);
}

PyObject* find_key(PyObject* dict, PyObject* key) {
  PyObject* met = key;
  if (!has_one_form(key) && !meet(dict, key, PyDict_Contains, &met)) PyErr_Clear();
  return met;
}

int add_set_entries(PyObject*) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("Finds which member of a set is equal to a key.")},
      {Py_tp_dealloc, as_slot(probe_dealloc)},
      {Py_tp_hash, as_slot(probe_hash)},
      {Py_tp_richcompare, as_slot(probe_compare)},
      {0, nullptr},
  };
  static PyType_Spec spec = {"halflife._core.Probe", sizeof(Probe), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  probe_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return probe_type == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
