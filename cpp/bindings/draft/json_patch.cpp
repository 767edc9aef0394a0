#include "json_patch.hpp"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "../../core/draft/patch/pointer.hpp"
#include "../support/arguments.hpp"
#include "../support/registry.hpp"
#include "draft_docs.hpp"
#include "patch_object.hpp"
#include "python_model.hpp"

namespace halflife::bindings {

namespace {

using draft::Op;
using draft::Patch;
using draft::PatchList;

// --- to JSON

// Texts are converted through UTF-8. Lone surrogates, which str and JSON texts can contain, are
// kept.
constexpr const char* kSurrogates = "surrogatepass";

bool as_utf8(PyObject* text, std::string* utf8) {
  Ref bytes = Ref::take(PyUnicode_AsEncodedString(text, "utf-8", kSurrogates));
  if (!bytes) return false;
  utf8->assign(PyBytes_AS_STRING(bytes.get()),
               static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get())));
  return true;
}

PyObject* from_utf8(const std::string& utf8) {
  return PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), kSurrogates);
}

// A negative int can only be the key of a dict, not a position.
bool is_natural(PyObject* part) {
  if (!PyLong_Check(part) || PyBool_Check(part)) return false;
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(part, &overflow);
  return overflow > 0 || (overflow == 0 && number >= 0);
}

bool append_part(PyObject* part, std::vector<std::string>& parts) {
  Ref text;
  if (PyUnicode_Check(part)) {
    text = Ref::borrow(part);
  } else if (is_natural(part)) {
    text = Ref::take(PyNumber_ToBase(part, 10));
  } else {
    PyErr_Format(registry().patch_error,
                 "a part of a JSON pointer is a str, or an int that is not negative; %s is of type"
                 " %.200s, and JSON has no such key",
                 described(part).c_str(), Py_TYPE(part)->tp_name);
  }
  std::string utf8;
  if (!text || !as_utf8(text.get(), &utf8)) return false;
  parts.push_back(std::move(utf8));
  return true;
}

// json.dumps would turn the keys 1 and True into texts, and the reader would get another value.
bool check_keys(PyObject* value) {
  draft::Model& model = python_model();
  std::unordered_set<Value> met;
  std::vector<Value> left{value};
  const auto meet = [&](Value part) {
    if (model.kind(part) != draft::Kind::leaf && met.insert(part).second) left.push_back(part);
  };
  while (!left.empty()) {
    Value container = left.back();
    left.pop_back();
    const draft::Kind kind = model.kind(container);
    if (kind == draft::Kind::list || kind == draft::Kind::fixed) {
      for (std::size_t index = 0; index < model.size(container); ++index) {
        meet(model.item(container, index));
      }
      continue;
    }
    if (!draft::is_draftable(kind)) continue;
    std::size_t cursor = 0;
    Value key = nullptr;
    Value held = nullptr;
    while (model.next(container, &cursor, &key, &held)) {
      if (kind == draft::Kind::map && !PyUnicode_Check(to_object(key))) {
        PyErr_Format(registry().patch_error,
                     "the value of a patch has the key %s of type %.200s, and keys in JSON are"
                     " texts; use str keys in data that becomes JSON",
                     described(to_object(key)).c_str(), Py_TYPE(to_object(key))->tp_name);
        return false;
      }
      meet(held);
    }
  }
  return true;
}

PyObject* pointer_of(const draft::Path& path) {
  std::vector<std::string> parts;
  for (Value part : path) {
    if (!append_part(to_object(part), parts)) return nullptr;
  }
  return from_utf8(draft::format_pointer(parts));
}

PyObject* to_json(const Patch& patch) {
  Ref made = Ref::take(PyDict_New());
  Ref path = Ref::take(made ? pointer_of(patch.path) : nullptr);
  if (!path || PyDict_SetItemString(made.get(), "op", patch_op_name(patch.op)) < 0 ||
      PyDict_SetItemString(made.get(), "path", path.get()) < 0) {
    return nullptr;
  }
  if (patch.op == Op::move || patch.op == Op::copy) {
    Ref from = Ref::take(pointer_of(patch.from));
    if (!from || PyDict_SetItemString(made.get(), "from", from.get()) < 0) return nullptr;
  }
  if (patch.value != nullptr &&
      (!check_keys(to_object(patch.value)) ||
       PyDict_SetItemString(made.get(), "value", to_object(patch.value)) < 0)) {
    return nullptr;
  }
  return made.release();
}

PyObject* to_json_patch(PyObject*, PyObject* given) {
  PatchList patches(python_model());
  if (!patches_from(given, patches)) return nullptr;
  Ref list = Ref::take(PyList_New(0));
  if (!list) return nullptr;
  for (const Patch& patch : patches) {
    Ref made = Ref::take(to_json(patch));
    if (!made || PyList_Append(list.get(), made.get()) < 0) return nullptr;
  }
  return list.release();
}

// --- from JSON

bool refuse(Py_ssize_t number, const char* what, PyObject* given) {
  if (PyErr_Occurred() == nullptr) {
    PyErr_Format(registry().patch_error, "operation %zd of the JSON patch %s: %s", number, what,
                 described(given).c_str());
  }
  return false;
}

// A member of the operation, which may be any mapping. Null without an error: no such member.
Ref member(PyObject* operation, const char* name) {
  Ref found = Ref::take(PyMapping_GetItemString(operation, name));
  if (!found && PyErr_ExceptionMatches(PyExc_KeyError) != 0) PyErr_Clear();
  return found;
}

bool read_pointer(Py_ssize_t number, PyObject* operation, const char* name, std::vector<Ref>& owned,
                  draft::Path& path) {
  Ref text = member(operation, name);
  if (!text) return refuse(number, (std::string("has no ") + name).c_str(), operation);
  std::string utf8;
  if (PyUnicode_Check(text.get()) && !as_utf8(text.get(), &utf8)) return false;
  std::vector<std::string> parts;
  if (!PyUnicode_Check(text.get()) || !draft::parse_pointer(utf8, &parts)) {
    return refuse(number, "has a path that is no JSON pointer", text.get());
  }
  for (const std::string& part : parts) {
    Ref made = Ref::take(from_utf8(part));
    if (!made) return false;
    path.push_back(made.get());
    owned.push_back(std::move(made));
  }
  return true;
}

bool read_operation(Py_ssize_t number, PyObject* operation, PatchList& patches) {
  if (!PyMapping_Check(operation) || PySequence_Check(operation)) {
    if (!PyDict_Check(operation)) return refuse(number, "is no object", operation);
  }
  Ref name = member(operation, "op");
  if (!name) return refuse(number, "has no op", operation);
  Op op = Op::add;
  if (!find_patch_op(name.get(), &op)) return refuse(number, "has an unknown op", name.get());
  std::vector<Ref> owned;
  draft::Path path;
  draft::Path from;
  if (!read_pointer(number, operation, "path", owned, path)) return false;
  Ref value;
  if (op == Op::move || op == Op::copy) {
    if (!read_pointer(number, operation, "from", owned, from)) return false;
  } else if (op != Op::remove) {
    value = member(operation, "value");
    if (!value) return refuse(number, "has no value", operation);
  }
  patches.add(op, std::move(path), value.get(), std::move(from), true);
  return true;
}

PyObject* from_json_patch(PyObject*, PyObject* given) {
  Ref list = Ref::borrow(given);
  if (PyUnicode_Check(given) || PyBytes_Check(given)) {
    Ref json = Ref::take(PyImport_ImportModule("json"));
    list = Ref::take(json ? PyObject_CallMethod(json.get(), "loads", "O", given) : nullptr);
    if (!list) {
      const char* wrong = nullptr;
      if (PyErr_ExceptionMatches(PyExc_ValueError) != 0) wrong = "is no JSON";
      if (PyErr_ExceptionMatches(PyExc_RecursionError) != 0) wrong = "is nested too deep";
      if (wrong != nullptr) {
        PyErr_Clear();
        PyErr_Format(registry().patch_error, "the JSON patch %s: %s", wrong,
                     described(given).c_str());
      }
      return nullptr;
    }
  }
  if (!PyList_Check(list.get()) && !PyTuple_Check(list.get())) {
    PyErr_Format(registry().patch_error, "a JSON patch is a list of operations, not %s",
                 described(list.get()).c_str());
    return nullptr;
  }
  list = Ref::take(PySequence_List(list.get()));
  PatchList patches(python_model());
  for (Py_ssize_t index = 0; list && index < PyList_GET_SIZE(list.get()); ++index) {
    if (!read_operation(index, PyList_GET_ITEM(list.get(), index), patches)) return nullptr;
  }
  return list ? patches_to_list(patches) : nullptr;
}

PyMethodDef functions[] = {
    {"to_json_patch", to_json_patch, METH_O, docs::to_json_patch},
    {"from_json_patch", from_json_patch, METH_O, docs::from_json_patch},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_json_patch(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
