#include "frames.hpp"

#include <frameobject.h>

namespace halflife::bindings {

namespace {

// Key in the globals of a stand-in; the value says whether the rest of the traceback is bare, too.
constexpr const char* kMark = "__frame_left__";

PyTracebackObject* as_traceback(PyObject* object) {
  return reinterpret_cast<PyTracebackObject*>(object);
}

PyFrameObject* as_frame(PyObject* object) { return reinterpret_cast<PyFrameObject*>(object); }

// Py_True or Py_False of a stand-in (see kMark); null of a frame of a call.
PyObject* mark_of(PyObject* frame) {
  Ref globals = Ref::take(PyFrame_GetGlobals(as_frame(frame)));
  return PyDict_GetItemString(globals.get(), kMark);
}

bool is_bare(PyObject* traceback) {
  return mark_of(as_object(as_traceback(traceback)->tb_frame)) == Py_True;
}

std::unordered_set<PyObject*> frames_of_all_threads() {
  std::unordered_set<PyObject*> frames;
  PyInterpreterState* interpreter = PyInterpreterState_Get();
  for (PyThreadState* thread = PyInterpreterState_ThreadHead(interpreter); thread != nullptr;
       thread = PyThreadState_Next(thread)) {
    Ref frame = Ref::take(as_object(PyThreadState_GetFrame(thread)));
    while (frame) {
      frames.insert(frame.get());
      frame = Ref::take(as_object(PyFrame_GetBack(as_frame(frame.get()))));
    }
  }
  return frames;
}

PyObject* leave_frames(PyObject*, PyObject* error) {
  if (PyExceptionInstance_Check(error) == 0) {
    PyErr_SetString(PyExc_TypeError, "leave_frames() takes an exception");
    return nullptr;
  }
  if (!FrameRelease().release(error)) return nullptr;
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"leave_frames", leave_frames, METH_O,
     "Replaces the frames that have ended in an error's traceback, and in those of the errors that "
     "it came"
     " from, by ones that only name the place."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool FrameRelease::release(PyObject* given) {
  std::vector<Ref> left;
  left.push_back(Ref::borrow(given));
  while (!left.empty()) {
    Ref error = std::move(left.back());
    left.pop_back();
    if (!error || PyExceptionInstance_Check(error.get()) == 0) continue;
    if (!met_.insert(error.get()).second) continue;
    if (!release_one(error.get())) return false;
    left.push_back(Ref::take(PyException_GetCause(error.get())));
    left.push_back(Ref::take(PyException_GetContext(error.get())));
    if (PyErr_GivenExceptionMatches(error.get(), PyExc_BaseExceptionGroup) != 0) {
      Ref group = Ref::take(PyObject_GetAttrString(error.get(), "exceptions"));
      if (!group || !PyTuple_Check(group.get())) return false;
      for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(group.get()); ++index) {
        left.push_back(Ref::borrow(PyTuple_GET_ITEM(group.get(), index)));
      }
    }
    held_.push_back(std::move(error));
  }
  return true;
}

bool FrameRelease::release_one(PyObject* error) {
  Ref now = Ref::take(PyException_GetTraceback(error));
  if (!now || now.get() == Py_None) return true;
  Ref bare = without_frames(now.get());
  if (!bare) return false;
  return bare.get() == now.get() || PyException_SetTraceback(error, bare.get()) == 0;
}

Ref FrameRelease::without_frames(PyObject* traceback) {
  std::vector<PyObject*> outer_first;  // borrowed: each traceback is held by the one before
  Link known{Ref(), true};
  for (PyObject* at = traceback; at != nullptr && at != Py_None;
       at = as_object(as_traceback(at)->tb_next)) {
    const auto found = links_.find(at);
    if (found != links_.end()) {
      known = Link{Ref::borrow(found->second.traceback.get()), found->second.bare};
      break;
    }
    if (is_bare(at)) {
      known.traceback = Ref::borrow(at);
      break;
    }
    outer_first.push_back(at);
  }
  for (auto at = outer_first.rbegin(); at != outer_first.rend(); ++at) {
    Link made = link(*at, known);
    if (!made.traceback) return Ref();
    held_.push_back(Ref::borrow(*at));
    links_.insert_or_assign(*at, Link{Ref::borrow(made.traceback.get()), made.bare});
    known = std::move(made);
  }
  return std::move(known.traceback);
}

FrameRelease::Link FrameRelease::link(PyObject* traceback, const Link& inner) {
  const PyTracebackObject* before = as_traceback(traceback);
  PyObject* frame = as_object(before->tb_frame);
  const bool is_left = mark_of(frame) != nullptr;
  const bool stays = !is_left && goes_on(frame);
  const bool bare = inner.bare && !stays;
  const bool same_inner = as_object(before->tb_next) == inner.traceback.get();
  if (same_inner && (stays || (is_left && !bare))) return {Ref::borrow(traceback), bare};
  Ref line = Ref::take(PyObject_GetAttrString(traceback, "tb_lineno"));
  Ref kept = stays ? Ref::borrow(frame) : stand_in(frame, bare);
  if (!line || !kept) return {Ref(), false};
  PyObject* next = inner.traceback ? inner.traceback.get() : Py_None;
  return {Ref::take(PyObject_CallFunction(as_object(&PyTraceBack_Type), "OOiO", next, kept.get(),
                                          before->tb_lasti, line.get())),
          bare};
}

bool FrameRelease::goes_on(PyObject* frame) {
  Ref owner = Ref::take(PyFrame_GetGenerator(as_frame(frame)));
  if (owner) return true;  // the frame of a generator or coroutine, which may be resumed
  if (!executed_) {
    executed_ = std::make_unique<std::unordered_set<PyObject*>>(frames_of_all_threads());
  }
  return executed_->contains(frame);
}

// A stand-in: a frame of the same code that was never executed, so it has no variables and no
// caller.
Ref FrameRelease::stand_in(PyObject* frame, bool bare) {
  Ref code = Ref::take(as_object(PyFrame_GetCode(as_frame(frame))));
  Ref names = Ref::take(PyObject_GetAttrString(code.get(), "co_freevars"));
  Ref globals = names ? stand_in_globals(frame, bare) : Ref();
  if (!globals) return Ref();
  if (PyTuple_GET_SIZE(names.get()) > 0) {  // free variables, but no closure to hold them
    Ref replace = Ref::take(PyObject_GetAttrString(code.get(), "replace"));
    Ref nothing = Ref::take(PyTuple_New(0));
    Ref changes = Ref::take(Py_BuildValue("{s()}", "co_freevars"));
    if (!replace || !nothing || !changes) return Ref();
    code = Ref::take(PyObject_Call(replace.get(), nothing.get(), changes.get()));
    if (!code) return Ref();
  }
  return Ref::take(as_object(PyFrame_New(
      PyThreadState_Get(), reinterpret_cast<PyCodeObject*>(code.get()), globals.get(), nullptr)));
}

// Copies the globals by which the source of a module is found, and no others.
Ref FrameRelease::stand_in_globals(PyObject* frame, bool bare) {
  Ref variables = Ref::take(PyFrame_GetGlobals(as_frame(frame)));
  PyObject* name = PyDict_GetItemString(variables.get(), "__name__");
  const char* text = name != nullptr && PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : nullptr;
  if (text == nullptr) PyErr_Clear();
  Ref& made = globals_[std::string(bare ? "+" : "-") + (text == nullptr ? "" : text)];
  if (made) return Ref::borrow(made.get());
  Ref globals = Ref::take(PyDict_New());
  if (!globals || PyDict_SetItemString(globals.get(), kMark, bare ? Py_True : Py_False) < 0) {
    return Ref();
  }
  for (const char* key : {"__name__", "__loader__", "__file__"}) {
    PyObject* value = PyDict_GetItemString(variables.get(), key);
    if (value != nullptr && PyDict_SetItemString(globals.get(), key, value) < 0) return Ref();
  }
  made = Ref::borrow(globals.get());
  return globals;
}

int add_frames(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
