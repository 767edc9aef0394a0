// The frames of an error: its traceback holds the frames that the error passed through. Each frame
// keeps its variables alive, and the frame that called it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "python.hpp"

namespace halflife::bindings {

// Replaces frames in tracebacks: of frames that have ended, only file, function and line stay.
// Frames that are being executed, or that continue after an await, are left for a later pass.
class FrameRelease {
 public:
  // Releases the frames of an error, and of its causes, its contexts, and the errors of groups.
  // False with an error set.
  bool release(PyObject* error);
  // A traceback with the same lines, without the frames; null with an error set.
  Ref without_frames(PyObject* traceback);

 private:
  struct Link {
    Ref traceback;
    bool bare;  // from here on, only stand-ins
  };

  bool release_one(PyObject* error);
  Link link(PyObject* traceback, const Link& inner);
  bool goes_on(PyObject* frame);
  Ref stand_in(PyObject* frame, bool bare);
  Ref stand_in_globals(PyObject* frame, bool bare);

  std::unordered_map<PyObject*, Link> links_;  // key: the traceback that the link replaces
  std::unordered_set<PyObject*> met_;
  std::unordered_map<std::string, Ref> globals_;
  // The frames that are being executed, in all threads.
  std::unique_ptr<std::unordered_set<PyObject*>> executed_;
  std::vector<Ref> held_;  // so that addresses stay unique
};

int add_frames(PyObject* module);

}  // namespace halflife::bindings
