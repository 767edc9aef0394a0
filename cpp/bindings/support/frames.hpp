// Frames that an error keeps: its traceback holds those that it came through. Each holds its
// variables, and the frame that called it, for as long.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "python.hpp"

namespace halflife::bindings {

// Replaces frames in tracebacks: of those that have ended, only the place stays (file, function,
// line). Those that are being executed, or go on after an await, are left for a later pass.
class FrameRelease {
 public:
  // An error, and those that it came from: causes, contexts, and the errors of groups. False with
  // an error set.
  bool release(PyObject* error);
  // The same places without the frames; null with an error set.
  Ref without_frames(PyObject* traceback);

 private:
  struct Link {
    Ref traceback;
    bool bare;  // no frame of a call in here, nor further in
  };

  bool release_one(PyObject* error);
  Link link(PyObject* traceback, const Link& inner);
  bool goes_on(PyObject* frame);
  Ref stand_in(PyObject* frame, bool bare);
  Ref stand_in_globals(PyObject* frame, bool bare);

  std::unordered_map<PyObject*, Link> links_;  // by the traceback that each one replaces
  std::unordered_set<PyObject*> met_;
  std::unordered_map<std::string, Ref> globals_;
  std::unique_ptr<std::unordered_set<PyObject*>> executed_;  // frames of all threads
  std::vector<Ref> held_;                                    // so that addresses stay unique
};

int add_frames(PyObject* module);

}  // namespace halflife::bindings
